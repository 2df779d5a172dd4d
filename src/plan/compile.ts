// Compiles loaded definitions into a Plan: everything decided here, nothing per request.
import type { LoadedDefinition } from '../definition/load.ts';
import { type CompileDeps, compileServer, type PlanProblem } from './compile-server.ts';
import type { Plan } from './server-plan.ts';

/** All that could not be prepared, found in one pass. */
export class PlanError extends Error {
  readonly problems: readonly PlanProblem[];

  constructor(problems: readonly PlanProblem[]) {
    super(
      problems
        .map((problem) => `${problem.file}:${problem.line ?? 1}:${problem.column ?? 1} ${problem.message}`)
        .join('\n'),
    );
    this.name = 'PlanError';
    this.problems = problems;
  }
}

/** A plan with what a reload needs to know of its making. */
export interface CompiledPlan {
  readonly plan: Plan;
  /** Files besides the definitions whose change must lead to a reload: handler modules, templates. */
  readonly files: readonly string[];
}

/** Builds the plan of all enabled definitions; throws {@link PlanError}, and then leaves nothing open. */
export async function compilePlan(
  loaded: readonly LoadedDefinition[],
  deps: CompileDeps,
): Promise<CompiledPlan> {
  const enabled = loaded.filter(({ definition }) => definition.enabled);
  const compiled = await Promise.all(enabled.map((one) => compileServer(one, deps)));
  const problems = compiled.flatMap((one) => one.problems);
  const first = enabled.findIndex(({ definition }) => definition.default);
  const defaultServer = compiled[Math.max(0, first)]?.server;
  if (problems.length > 0 || defaultServer === undefined) {
    await Promise.all(compiled.map((one) => one.server.close()));
    throw new PlanError(problems.length > 0 ? problems : [noServer(loaded)]);
  }
  const servers = new Map(compiled.map(({ server }) => [server.slug, server]));
  return { plan: Object.freeze({ servers, defaultServer }), files: compiled.flatMap((one) => one.files) };
}

function noServer(loaded: readonly LoadedDefinition[]): PlanProblem {
  return {
    file: loaded[0]?.file ?? '',
    pointer: '',
    message: 'No enabled definition was found; set `enabled: true` in one.',
  };
}

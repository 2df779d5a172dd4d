// Compiles loaded definitions into a Plan: everything decided here, nothing per request.
import type { LoadedDefinition } from '../definition/load.ts';
import type { CompileDeps, CompiledServer, PlanProblem } from './compilation.ts';
import { compileServer } from './compile-server.ts';
import type { Plan, ServerPlan } from './server-plan.ts';
import { joinVersions } from './versions.ts';

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
  const served = loaded.filter(({ definition }) => definition.enabled);
  const enabled = served.filter(({ version }) => version?.role !== 'canary');
  const compiled = await Promise.all(enabled.map((one) => compileServer(one, deps)));
  const problems = compiled.flatMap((one) => one.problems);
  const first = enabled.findIndex(({ definition }) => definition.default);
  const defaultServer = compiled[Math.max(0, first)]?.server;
  if (problems.length > 0 || defaultServer === undefined) {
    await Promise.all(compiled.map((one) => one.server.close()));
    throw new PlanError(problems.length > 0 ? problems : [noServer(loaded)]);
  }
  const canaries = await compileCanaries(served, deps);
  const lost = [...canaries.values()].filter((one) => isPromoted(one, deps)).flatMap((one) => one.problems);
  if (lost.length > 0) {
    await Promise.all([...compiled, ...canaries.values()].map((one) => one.server.close()));
    throw new PlanError(lost);
  }
  await Promise.all([...canaries.values()].map((one) => one.problems.length > 0 && one.server.close()));
  const joined = enabled.map((one, index) => withVersions(one, compiled[index]?.server, canaries, deps));
  const servers = new Map(joined.filter((one) => one !== undefined).map((server) => [server.slug, server]));
  return {
    plan: Object.freeze({ servers, defaultServer: servers.get(defaultServer.slug) ?? defaultServer }),
    files: [...compiled, ...canaries.values()].flatMap((one) => one.files),
  };
}

/** By slug. What is wrong with one ends its rollout, not the process. */
async function compileCanaries(
  served: readonly LoadedDefinition[],
  deps: CompileDeps,
): Promise<ReadonlyMap<string, CompiledServer>> {
  const canaries = served.filter(({ version }) => version?.role === 'canary');
  const compiled = await Promise.all(canaries.map((one) => compileServer(one, deps)));
  return new Map(compiled.map((one) => [one.server.slug, one]));
}

/** Everybody has it already: without it this is another definition, and a bad one replaces nothing. */
function isPromoted({ server }: CompiledServer, { rolloutStateOf }: CompileDeps): boolean {
  const { rollout } = server.definition;
  return rollout !== undefined && rolloutStateOf?.(server.slug, rollout)?.status === 'promoted';
}

function withVersions(
  { definition, version }: LoadedDefinition,
  server: ServerPlan | undefined,
  canaries: ReadonlyMap<string, CompiledServer>,
  { rolloutStateOf: stateOf = () => undefined }: CompileDeps,
): ServerPlan | undefined {
  const { rollout } = definition;
  if (server === undefined || version === undefined || rollout === undefined) return server;
  const canary = canaries.get(server.slug);
  const problems = [...(version.canaryProblems ?? []), ...(canary?.problems ?? [])];
  const problem = problems.length === 0 ? undefined : problems.map(({ message }) => message).join(' ');
  return joinVersions(
    server,
    { canary: problem === undefined ? canary?.server : undefined, problem },
    { rollout, stateOf },
  );
}

function noServer(loaded: readonly LoadedDefinition[]): PlanProblem {
  return {
    file: loaded[0]?.file ?? '',
    pointer: '',
    message: 'No enabled definition was found; set `enabled: true` in one.',
  };
}

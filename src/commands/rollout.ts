// `quayside rollout start|pause|promote|abort|status`: on the store that the servers share.
import type { LoadedDefinition } from '../definition/load.ts';
import type { Actor } from '../gate/actor.ts';
import {
  createRolloutCommands,
  type DeclaredRollout,
  type RolloutCommands,
  type ShownRollout,
} from '../rollout/rollout-commands.ts';
import { openRolloutDirectory } from '../rollout/rollout-directory.ts';
import { EXIT, type Io } from './io.ts';
import { type DefinitionFlags, onDefinitions } from './on-definitions.ts';

/** Shows one rollout, or every one that the definitions declare. */
export function rolloutStatus(
  options: DefinitionFlags & { readonly slug?: string },
  io: Io,
): Promise<number> {
  return withRollouts(options, io, async (rollouts, actor) => {
    const { slug } = options;
    const all = slug === undefined ? await rollouts.list(actor) : [await rollouts.status(actor, slug)];
    if (options.json === true) io.out(`${JSON.stringify(slug === undefined ? all : all[0])}\n`);
    else if (all.length === 0) io.out('No definition declares a rollout.\n');
    else for (const one of all) io.out(`${textOf(one)}\n`);
    return EXIT.ok;
  });
}

/** Takes one step with a rollout and shows where it stands then. */
export function stepRollout(
  options: DefinitionFlags,
  io: Io,
  step: (rollouts: RolloutCommands, actor: Actor) => Promise<ShownRollout>,
): Promise<number> {
  return withRollouts(options, io, async (rollouts, actor) => {
    const shown = await step(rollouts, actor);
    io.out(
      options.json === true
        ? `${JSON.stringify(shown)}\n`
        : `${textOf(shown)}\nRunning servers follow within a second.\n`,
    );
    return EXIT.ok;
  });
}

function withRollouts(
  options: DefinitionFlags,
  io: Io,
  work: (rollouts: RolloutCommands, actor: Actor) => Promise<number>,
): Promise<number> {
  return onDefinitions(options, io, async ({ definitions, store, audit, actor }) => {
    const declared = declaredBy(definitions);
    const directory = await openRolloutDirectory(store);
    try {
      const commands = createRolloutCommands({ directory, declared: () => declared, now: Date.now, audit });
      return await work(commands, actor);
    } finally {
      directory.close();
    }
  });
}

function declaredBy(definitions: readonly LoadedDefinition[]): DeclaredRollout[] {
  return definitions.flatMap(({ definition, version }) => {
    const { rollout, slug } = definition;
    if (rollout === undefined || version?.role !== 'stable') return [];
    const canary = definitions.find(
      (one) => one.version?.role === 'canary' && one.definition.slug === slug,
    )?.definition;
    const problem = version.canaryProblems?.map(({ message }) => message).join(' ');
    return [{ slug, rollout, stable: definition, canary, problem }];
  });
}

function textOf(shown: ShownRollout): string {
  const { slug, stable, canary, status, weight, stage, stages, reason } = shown;
  const facts = [
    `${slug}: ${canary} beside ${stable}, ${status}, ${weight} %`,
    `stage ${stage} of ${stages.length}`,
    ...(shown.failed_analyses === 0
      ? []
      : [`${shown.failed_analyses} of ${shown.threshold} analyses failed`]),
    ...(shown.next_stage_at === null ? [] : [`next stage at ${shown.next_stage_at}`]),
    ...(reason === null ? [] : [reason]),
    ...(shown.canary_problem === null ? [] : [`not loaded: ${shown.canary_problem}`]),
  ];
  return facts.join('; ');
}

// The words of `quayside rollout`; what they do is in rollout.ts.
import type { Command } from 'commander';
import type { Finish, Io } from './io.ts';
import type { DefinitionFlags } from './on-definitions.ts';

/** `rollout start|pause|promote|abort|status`. */
export function addRolloutVerbs(program: Command, io: Io, finish: Finish): void {
  const rollout = program
    .command('rollout')
    .description('gradual rollout between two versions of a definition');
  withData(rollout.command('status').description('how far rollouts are'))
    .argument('[slug]', 'server (default: all)')
    .action(async (slug: string | undefined, options: DefinitionFlags) => {
      const { rolloutStatus } = await import('./rollout.ts');
      finish(await rolloutStatus({ ...options, ...(slug === undefined ? {} : { slug }) }, io));
    });
  withData(rollout.command('start').description('give the canary its first share, or go on after a pause'))
    .argument('<slug>', 'server')
    .option('--allow-breaking', 'also where tools are gone or take less than before')
    .action(async (slug: string, options: DefinitionFlags & { allowBreaking?: true }) => {
      const { stepRollout } = await import('./rollout.ts');
      const allowBreaking = options.allowBreaking === true;
      finish(await stepRollout(options, io, (all, actor) => all.start(actor, slug, { allowBreaking })));
    });
  withData(rollout.command('pause').description('keep the share of the canary as it is'))
    .argument('<slug>', 'server')
    .action(async (slug: string, options: DefinitionFlags) => {
      const { stepRollout } = await import('./rollout.ts');
      finish(await stepRollout(options, io, (all, actor) => all.pause(actor, slug)));
    });
  withData(rollout.command('promote').description('make the canary the stable version'))
    .argument('<slug>', 'server')
    .option('--next', 'only go to the next stage')
    .action(async (slug: string, options: DefinitionFlags & { next?: true }) => {
      const { stepRollout } = await import('./rollout.ts');
      const onlyNext = options.next === true;
      finish(await stepRollout(options, io, (all, actor) => all.promote(actor, slug, { onlyNext })));
    });
  withData(rollout.command('abort').description('give everybody the stable version again'))
    .argument('<slug>', 'server')
    .option('--reason <text>', 'why, for the record')
    .action(async (slug: string, options: DefinitionFlags & { reason?: string }) => {
      const { stepRollout } = await import('./rollout.ts');
      const { reason } = options;
      finish(await stepRollout(options, io, (all, actor) => all.abort(actor, slug, { reason })));
    });
}

function withData(command: Command): Command {
  return command
    .option('--definition <path>', 'definition file or folder (default as for serve)')
    .option('--data <folder>', 'folder for state (QUAYSIDE_DATA_DIR; default ./data)')
    .option('--json', 'print JSON');
}

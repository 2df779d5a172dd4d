// The words of `quayside approvals`; what they do is in approvals.ts.
import type { Command } from 'commander';
import type { Finish, Io } from './io.ts';

export function addApprovals(program: Command, io: Io, finish: Finish): void {
  const approvals = program.command('approvals').description('calls that wait for a person');
  const withData = (command: Command) =>
    command
      .option('--tenant <id>', 'whose calls (default: default)')
      .option('--data <folder>', 'folder for state (QUAYSIDE_DATA_DIR; default ./data)')
      .option('--json', 'print JSON');
  type Options = { tenant?: string; data?: string; json?: true };
  withData(approvals.command('list').description('list what waits, and what became of earlier ones')).action(
    async (options: Options) => {
      const { listRequests } = await import('./approvals.ts');
      finish(await listRequests(options, io));
    },
  );
  for (const [verb, description] of [
    ['grant', 'let the call happen, once'],
    ['deny', 'keep the call from happening'],
  ] as const) {
    withData(approvals.command(verb).description(description))
      .argument('<id>', 'id of the approval')
      .action(async (id: string, options: Options) => {
        const { decideRequest } = await import('./approvals.ts');
        finish(await decideRequest({ id, verb, ...options }, io));
      });
  }
}

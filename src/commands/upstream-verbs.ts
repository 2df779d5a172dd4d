// The words of `quayside upstreams`; what they do is in upstreams.ts.
import type { Command } from 'commander';
import type { Finish, Io } from './io.ts';

export function addUpstreams(program: Command, io: Io, finish: Finish): void {
  const upstreams = program.command('upstreams').description('tools of other MCP servers');
  const withData = (command: Command) =>
    command
      .option('--data <folder>', 'folder for state (QUAYSIDE_DATA_DIR; default ./data)')
      .option('--json', 'print JSON');
  type Options = { data?: string; json?: true };
  withData(upstreams.command('list').description('list tools that wait for approval, with what has changed'))
    .option('--all', 'also those that are approved')
    .action(async (options: Options & { all?: true }) => {
      const { listUpstreamTools } = await import('./upstreams.ts');
      finish(await listUpstreamTools(options, io));
    });
  withData(upstreams.command('approve').description('let a tool be offered as it is defined now'))
    .argument('<tool>', 'server/upstream/tool, as `upstreams list` shows it')
    .requiredOption('--hash <hash>', 'hash of the definition that you have looked at, at least 12 characters')
    .action(async (id: string, options: Options & { hash: string }) => {
      const { approveUpstreamTool } = await import('./upstreams.ts');
      finish(await approveUpstreamTool({ id, ...options }, io));
    });
}

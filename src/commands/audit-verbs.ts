// The verb `audit`: what may be said, and which command it runs.
import type { Command } from 'commander';
import type { Finish, Io } from './io.ts';

export function addAudit(program: Command, io: Io, finish: Finish): void {
  const audit = program.command('audit').description('the record of operations');
  const withSpan = (command: Command) =>
    command
      .option('--data <folder>', 'folder of the state (QUAYSIDE_DATA_DIR; default ./data)')
      .option('--from <time>', 'only records from this time on')
      .option('--to <time>', 'only records before this time');
  type Span = { data?: string; from?: string; to?: string };
  withSpan(audit.command('verify').description('find anything that was changed, removed, put in or moved'))
    .option('--file <path>', 'check this audit file and its rotated ones instead of the table')
    .option('--json', 'print JSON')
    .action(async (options: Span & { file?: string; json?: true }) => {
      const { verifyAudit } = await import('./audit.ts');
      finish(await verifyAudit(options, io));
    });
  withSpan(audit.command('export').description('write the records out'))
    .option('--format <format>', 'jsonl or csv (default jsonl)')
    .action(async (options: Span & { format?: string }) => {
      const { exportAudit } = await import('./audit.ts');
      finish(await exportAudit(options, io));
    });
}

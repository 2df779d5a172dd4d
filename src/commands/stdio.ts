// `quayside stdio`: one server over standard input and output; stdout carries the protocol and nothing else.
import { ConfigurationError } from '../app/configuration-error.ts';
import { readSettings, type SettingsFlags } from '../app/settings.ts';
import { runStdioApp } from '../app/stdio-app.ts';
import { PlanError } from '../plan/compile.ts';
import { buildInfo } from './build-info.ts';
import { EXIT, type Io, refuse } from './io.ts';

/** Resolves with the exit code when the input has ended. */
export async function stdio(flags: SettingsFlags & { readonly server?: string }, io: Io): Promise<number> {
  const read = readSettings(flags, io.env, 'stdio');
  if ('problems' in read) return refuse(io, read.problems);
  for (const warning of read.notices) io.err(`${warning}\n`);
  try {
    await runStdioApp({
      settings: read.settings,
      build: buildInfo(),
      slug: flags.server,
      key: io.env.QUAYSIDE_API_KEY,
    });
  } catch (error) {
    if (error instanceof ConfigurationError) return refuse(io, error.lines);
    if (error instanceof PlanError) return refuse(io, error.message.split('\n'));
    throw error;
  }
  return EXIT.ok;
}

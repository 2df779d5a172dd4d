// The words of `quayside code`; what they do is in code.ts.
import type { Command } from 'commander';
import type { CodeFlags, CodeSearchFlags } from './code.ts';
import type { Finish, Io } from './io.ts';

/** `code index|search|symbols|status|list|repair`. */
export function addCodeVerbs(program: Command, io: Io, finish: Finish): void {
  const code = program.command('code').description('search and index source code with the code pack');
  onServer(code.command('search').description('lines that hold a text or match a pattern'))
    .argument('<text>', 'text, pattern or question')
    .option('--type <type>', 'literal, regex, fuzzy or hybrid (default literal)')
    .option('--files <glob>', 'only these files')
    .option('--language <name>', 'only files of this language')
    .option('--limit <number>', 'most lines shown (default 20)')
    .action(async (text: string, flags: CodeSearchFlags) => {
      const { searchCode } = await import('./code.ts');
      finish(await searchCode(text, flags, io));
    });
  onServer(code.command('symbols').description('where a name is defined'))
    .argument('<name>', 'name of a function, type or variable')
    .option('--alike', 'also names that are nearly the same')
    .action(async (name: string, flags: CodeFlags & { alike?: true }) => {
      const { findSymbols } = await import('./code.ts');
      finish(await findSymbols(name, flags, io));
    });
  onServer(code.command('status').description('whether the repositories are ready, and what to do')).action(
    async (flags: CodeFlags) => {
      const { codeStatus } = await import('./code.ts');
      finish(await codeStatus(flags, io));
    },
  );
  onServer(
    code.command('index').description('bring an index up to date; only changed files are read'),
  ).action(async (flags: CodeFlags) => {
    const { indexCode } = await import('./code.ts');
    finish(await indexCode(flags, io, { anew: false }));
  });
  onServer(code.command('repair').description('set a damaged index aside and build it anew')).action(
    async (flags: CodeFlags) => {
      const { indexCode } = await import('./code.ts');
      finish(await indexCode(flags, io, { anew: true }));
    },
  );
}

function onServer(command: Command): Command {
  return command
    .option('--on <place>', 'definition file or folder, or the URL of a running server (QUAYSIDE_API_KEY)')
    .option('--data <folder>', 'folder for state (QUAYSIDE_DATA_DIR; default ./data)')
    .option('--repository <name>', 'only this repository: name, id or path')
    .option('--json', 'print the whole answer as JSON');
}

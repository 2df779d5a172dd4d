// The words of `quayside code`; what they do is in code.ts.
import type { Command } from 'commander';
import type { CodeFlags, CodeSearchFlags } from './code.ts';
import type { ShareFlags } from './code-share.ts';
import type { Finish, Io } from './io.ts';

/** `code index|search|symbols|status|repair|export|import`. */
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
  addShareVerbs(code, io, finish);
}

function addShareVerbs(code: Command, io: Io, finish: Finish): void {
  onInstall(code.command('export').description('write the index of a repository as a signed archive'))
    .argument('[repository]', 'name, id or path; default the only one')
    .requiredOption('-o, --output <file>', 'archive that is made')
    .option('--embeddings', 'with the vectors of search by meaning')
    .option('--key <file>', 'sign with this key, 32 bytes in base64, and not with that of the install')
    .action(async (repository: string | undefined, flags: ExportFlags) => {
      const { exportCode } = await import('./code-share.ts');
      finish(await exportCode(repository, flags, io));
    });
  onInstall(code.command('import').description('take an archive over as the index of a repository'))
    .argument('<file>', 'archive that export made')
    .option('--repository <name>', 'name, id or path; default the only one')
    .option('--trust <key...>', 'public keys that are trusted besides that of the install')
    .option('--dry-run', 'only check it, and say what would be taken over')
    .action(async (file: string, flags: ImportFlags) => {
      const { importCode } = await import('./code-share.ts');
      finish(await importCode(file, flags, io));
    });
}

type ExportFlags = ShareFlags & { output: string; embeddings?: true; key?: string };
type ImportFlags = ShareFlags & { repository?: string; trust?: string[]; dryRun?: true };

function onInstall(command: Command): Command {
  return command
    .option('--on <place>', 'definition file or folder')
    .option('--data <folder>', 'folder for state (QUAYSIDE_DATA_DIR; default ./data)')
    .option('--max-size <megabytes>', 'largest archive (default 100)')
    .option('--json', 'print JSON');
}

function onServer(command: Command): Command {
  return command
    .option('--on <place>', 'definition file or folder, or the URL of a running server (QUAYSIDE_API_KEY)')
    .option('--data <folder>', 'folder for state (QUAYSIDE_DATA_DIR; default ./data)')
    .option('--repository <name>', 'only this repository: name, id or path')
    .option('--json', 'print the whole answer as JSON');
}

// The executable. Flags of the engine come first; everything else is loaded after they are set.
import { enableCompileCache } from 'node:module';
import { setEngineFlags } from './app/engine-flags.ts';

setEngineFlags();
// Without the cache every start, and every worker, parses the same sources again. After the flags: code compiled
// under other flags is not taken from it.
enableCompileCache();

// Without a listener this signal opens the runtime's debugger; the real one comes with the server.
process.on('SIGUSR1', () => undefined);

const { runCommandLine } = await import('./commands/command-line.ts');
process.exitCode = await runCommandLine(process.argv.slice(2));

// The executable. Flags of the engine come first; everything else is loaded after they are set.
import { enableCompileCache } from 'node:module';
import { setFlagsFromString } from 'node:v8';

// Patterns come from definitions: with this flag V8 changes to its linear-time engine when one backtracks too much.
setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');
// With loop unrolling V8 drops the interrupt checks of small loops, and a worker in one of them cannot be ended.
setFlagsFromString('--no-turboshaft-loop-unrolling');
// Without the cache every start, and every worker, parses the same sources again. After the flags: code compiled
// under other flags is not taken from it.
enableCompileCache();

// Without a listener this signal opens the runtime's debugger; the real one comes with the server.
process.on('SIGUSR1', () => undefined);

const { runCommandLine } = await import('./commands/command-line.ts');
process.exitCode = await runCommandLine(process.argv.slice(2));

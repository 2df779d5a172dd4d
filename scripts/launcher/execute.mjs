// Runs the product or a tool with the right Node: in this process where it is new enough, else in a child.

import { spawn } from 'node:child_process';
import module from 'node:module';
import { constants } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { environmentWith } from './install.mjs';
import { projectFolder } from './terms.mjs';

const productMain = join(projectFolder, 'src', 'main.ts');

/** The product together with what the sample definition works with. */
export const sampleMain = join(projectFolder, 'examples', 'start.ts');

/** Compiled code is kept inside the project and goes away with node_modules. */
const compileCacheFolder = join(projectFolder, 'node_modules', '.cache', 'quayside');

/**
 * What V8 takes only when it starts.
 * - Its young generation is bound to 24 MB. At its own bound a busy server holds some 40 MB more, for a gain in
 *   throughput that is smaller than the spread of two runs; with half of it, what a call to an upstream holds survives
 *   into the old generation, and calls cost a quarter more.
 * - Nothing is allocated in the old generation from the start. V8 decides so for a place in the code whose objects
 *   survived while many requests were under way at once, and keeps to it: from then on each of them, dead or not, holds
 *   its whole request until a full collection. In half of all runs with 128 connections a fifth of what is allocated
 *   went that way, for a third of the throughput, 90 MB and pauses of 30 ms every second.
 * - A full collection comes when the old generation has doubled. By itself V8 lets so small a heap grow by 10 MB only:
 *   a busy server collected every two seconds, and where it has one core the threads that mark take it for 30 ms.
 *   A seventh as often costs 15 MB more.
 */
const engineFlags = [
  '--max-semi-space-size=8',
  '--no-allocation-site-pretenuring',
  '--heap-growing-percent=100',
];

/** glibc keeps what each thread freed for that thread; with two pools in all, an idle server holds 5 MB less. */
const engineEnvironment = { MALLOC_ARENA_MAX: process.env.MALLOC_ARENA_MAX ?? '2' };

/** Signals that are meant for the product and are passed on to it. */
const forwardedSignals = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'];

/**
 * Runs `main`, src/main.ts unless another is named, with `args`. Where the running Node is new enough it takes over
 * this very process, so that signals, exit code, memory and the service manager's idea of the main process need no
 * help; where the platform cannot replace a process, without the flags of the engine. `preload` is a module that the
 * process begins with.
 */
export async function runMain({ node, args, main = productMain, preload }) {
  if (node !== process.execPath) {
    process.exitCode = await runNode({ node, args: [...engineFlags, main, ...args], env: engineEnvironment });
    return;
  }
  process.env.NODE_COMPILE_CACHE = compileCacheFolder;
  if (process.platform !== 'win32') {
    const preloading = preload === undefined ? [] : ['--import', preload.href];
    const words = [...process.execArgv, ...engineFlags, ...preloading, main, ...args];
    process.execve(node, [node, ...words], { ...process.env, ...engineEnvironment });
  }
  module.enableCompileCache(compileCacheFolder);
  process.argv = [process.execPath, main, ...args];
  await import(pathToFileURL(main).href);
}

/**
 * Runs `node` with `args` as a child that shares this terminal, passes signals on, and resolves to its exit code.
 * When a signal ended the child, this process ends by the same one.
 */
export function runNode({ node, args, env = {} }) {
  const child = spawn(node, args, {
    cwd: process.cwd(),
    stdio: 'inherit',
    env: { ...environmentWith(node), NODE_COMPILE_CACHE: compileCacheFolder, ...env },
  });
  const handlers = passSignalsTo(child);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      for (const [name, handler] of handlers) process.removeListener(name, handler);
      if (signal === null) resolve(code);
      else if (process.platform === 'win32') resolve(1);
      else resolve(endBy(signal));
    });
  });
}

/** A terminal's Ctrl-C reaches the child by itself; passing it on would be a second one. */
function passSignalsTo(child) {
  const names = forwardedSignals.filter((name) => constants.signals[name] !== undefined);
  const handlers = names.map((name) => {
    const isFromTerminal = name === 'SIGINT' && process.stdin.isTTY === true;
    return [name, () => (isFromTerminal ? undefined : child.kill(name))];
  });
  for (const [name, handler] of handlers) process.on(name, handler);
  return handlers;
}

/** Code 128 + n is what shells report; it stands only where the signal itself does not end this process at once. */
function endBy(signal) {
  process.kill(process.pid, signal);
  return 128 + constants.signals[signal];
}

// Gives the servers one core and the load another, so that neither takes from what the other is measured by.

import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** The core that every server runs on. */
export const serverCore = 0;
/** The core that the load comes from. */
export const loadCore = 1;

const refusal = reasonNotToPin();
if (refusal !== undefined) process.stderr.write(`not pinned to cores: ${refusal}\n`);

/** Starts a process on `core`, or anywhere when this machine cannot pin (the reason was printed once). */
export function spawnPinned(core: number, command: readonly string[], options: SpawnOptions): ChildProcess {
  const pinned = refusal === undefined ? ['taskset', '-c', String(core), ...command] : command;
  const [file = '', ...args] = pinned;
  return spawn(file, args, options);
}

function reasonNotToPin(): string | undefined {
  if (availableParallelism() < 2) return 'this machine has one core';
  return spawnSync('taskset', ['--version'], { stdio: 'ignore' }).status === 0
    ? undefined
    : 'taskset is not installed';
}

// Gives the servers one core and the load another, so that neither takes from what the other is measured by.

import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

const serverCore = 0;
const loadCore = 1;

const refusal = reasonNotToPin();
if (refusal !== undefined) process.stderr.write(`not pinned to cores: ${refusal}\n`);

/** Starts a server on the core of servers, or anywhere when this machine cannot pin (the reason was printed once). */
export function spawnOnServerCore(command: readonly string[], options: SpawnOptions): ChildProcess {
  return spawnPinned(serverCore, command, options);
}

/** The same for the process that the load comes from. */
export function spawnOnLoadCore(command: readonly string[], options: SpawnOptions): ChildProcess {
  return spawnPinned(loadCore, command, options);
}

/** Leaves it to the system. */
export function spawnAnywhere(command: readonly string[], options: SpawnOptions): ChildProcess {
  const [file = '', ...args] = command;
  return spawn(file, args, options);
}

function spawnPinned(core: number, command: readonly string[], options: SpawnOptions): ChildProcess {
  const pinned = refusal === undefined ? ['taskset', '-c', String(core), ...command] : command;
  return spawnAnywhere(pinned, options);
}

function reasonNotToPin(): string | undefined {
  if (availableParallelism() < 2) return 'this machine has one core';
  return spawnSync('taskset', ['--version'], { stdio: 'ignore' }).status === 0
    ? undefined
    : 'taskset is not installed';
}

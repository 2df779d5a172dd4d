// What a process holds, as Linux tells it.
import { existsSync, readdirSync, readFileSync } from 'node:fs';

export interface ProcessState {
  readonly threads: number;
  readonly files: number;
  readonly residentBytes: number;
  /** Process ids. */
  readonly children: readonly number[];
}

/** Whether this system tells it. */
export const KNOWS_PROCESSES = existsSync('/proc/self/task');

const PAGE_BYTES = 4096;

export function processState(pid: number): ProcessState {
  const threads = readdirSync(`/proc/${pid}/task`);
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  return {
    threads: threads.length,
    files: readdirSync(`/proc/${pid}/fd`).length,
    residentBytes: pages * PAGE_BYTES,
    children: threads.flatMap((thread) => childrenOf(pid, thread)),
  };
}

/** Whether a process of this id runs. */
export function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}

function childrenOf(pid: number, thread: string): number[] {
  const text = readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

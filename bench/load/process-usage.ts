// Processor time and resident memory of a process and all its children, from Linux's /proc.

import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Clock ticks per second that /proc counts in; fixed at 100 on Linux for user space. */
const ticksPerSecond = 100;

const kibPerMb = 1024;

export interface Usage {
  readonly cpuMicros: number;
  /** Of that, the main thread of `pid`: the loop that answers. */
  readonly loopMicros: number;
  readonly residentMb: number;
}

/** Reads the usage of `pid` and everything it started, now. Threads are part of their process. Zero without /proc. */
export function usageOf(pid: number): Usage {
  const loop = read(`/proc/${pid}/task/${pid}/stat`);
  const total = { cpuMicros: 0, loopMicros: loop === undefined ? 0 : cpuMicrosOf(loop), residentMb: 0 };
  for (const member of familyOf(pid)) {
    const stat = read(`/proc/${member}/stat`);
    const status = read(`/proc/${member}/status`);
    if (stat === undefined || status === undefined) continue;
    total.cpuMicros += cpuMicrosOf(stat);
    total.residentMb += Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / kibPerMb;
  }
  return total;
}

function cpuMicrosOf(stat: string): number {
  const [, , , , , , , , , , , user, system] = fieldsOf(stat);
  return ((Number(user) + Number(system)) / ticksPerSecond) * 1e6;
}

function familyOf(pid: number): number[] {
  if (!existsSync('/proc')) return [];
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? read(`/proc/${name}/stat`) : undefined;
    if (stat !== undefined) parents.set(Number(name), Number(fieldsOf(stat)[1]));
  }
  const family = [pid];
  for (const member of family) {
    for (const [child, parent] of parents) if (parent === member) family.push(child);
  }
  return family;
}

/** The fields after the command name, which stands in brackets and may hold anything. */
function fieldsOf(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** A process may end between being listed and being read. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

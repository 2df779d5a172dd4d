// A child process with all that it starts: begun without a shell, ended as a whole.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../../clock.ts';

/** How to start a server of somebody else. */
export interface ProcessCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** Besides what every program needs. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

export type UpstreamProcess = ChildProcessByStdio<Writable, Readable, Readable>;

/** What a program needs to run at all; nothing else of our own environment reaches it, so none of our secrets do. */
const INHERITED = [
  'HOME',
  'LANG',
  'LC_ALL',
  'LOGNAME',
  'PATH',
  'SHELL',
  'TERM',
  'TMPDIR',
  'USER',
  'APPDATA',
  'LOCALAPPDATA',
  'SYSTEMROOT',
  'TEMP',
  'USERPROFILE',
] as const;

/** After stdin has ended, and again after SIGTERM (MCP, stdio: shutdown). */
const GRACE_MS = 2000;

/** Those that run, so that none outlives this process when it ends by itself. */
const running = new Set<number>();
let isGuarded = false;

/** Starts the program as the leader of a process group of its own. */
export function startProcess({ command, args, env, cwd }: ProcessCommand): UpstreamProcess {
  const inherited = INHERITED.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const child = spawn(command, [...args], {
    cwd,
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    shell: false,
    windowsHide: true,
  });
  const { pid } = child;
  if (pid !== undefined) {
    guardExit();
    running.add(pid);
  }
  return child;
}

/** Ends the program politely, then by SIGTERM, then by SIGKILL; resolves when its whole group is gone. */
export async function endProcess(child: UpstreamProcess, clock: Clock): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  child.stdin.end();
  if (!(await isGone(pid, clock))) {
    signalGroup(pid, 'SIGTERM');
    if (!(await isGone(pid, clock))) signalGroup(pid, 'SIGKILL');
  }
  running.delete(pid);
}

/** Ends at once what is left of a program that has ended by itself. */
export function killRest(child: UpstreamProcess): void {
  if (child.pid === undefined) return;
  signalGroup(child.pid, 'SIGKILL');
  running.delete(child.pid);
}

const POLL_MS = 20;

/** Asks for the group and not for the leader: what the leader has started may outlive it. */
function isGone(pid: number, clock: Clock): Promise<boolean> {
  const until = clock.monotonic() + GRACE_MS;
  return new Promise((resolve) => {
    const look = (): void => {
      if (!signalGroup(pid, 0)) resolve(true);
      else if (clock.monotonic() >= until) resolve(false);
      else clock.after(POLL_MS, look, { keepsAlive: true });
    };
    look();
  });
}

/** False when there is no such group any more. */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    // ESRCH: gone. EPERM cannot be for a group that we made; there would be nothing to do about it either.
    return false;
  }
}

function guardExit(): void {
  if (isGuarded) return;
  isGuarded = true;
  process.on('exit', () => {
    for (const pid of running) signalGroup(pid, 'SIGKILL');
  });
}

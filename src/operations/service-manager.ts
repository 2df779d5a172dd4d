// Tells systemd how the process is doing (sd_notify(3)). Node has no datagram sockets, so systemd's tool sends.
// The unit needs `NotifyAccess=all`: the messages come from a child of the main process.
import { spawn } from 'node:child_process';
import type { Clock } from '../clock.ts';
import type { Log } from '../telemetry/log.ts';

/** What the service manager is told; each resolves when it was, or could not be. */
export interface ServiceManager {
  /** READY=1; starts the watchdog's pings where the unit asks for them. */
  ready(status: string): Promise<void>;
  reloading(): Promise<void>;
  stopping(): Promise<void>;
  status(text: string): Promise<void>;
  close(): void;
}

/** `env` is where systemd says how it wants to be told. */
export interface ServiceManagerDeps {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Log;
  readonly pid: number;
  /** Default `systemd-notify`, found in PATH. */
  readonly command?: string;
}

/** A process per ping costs milliseconds: more often than this is never needed. */
const PING_MS_MIN = 1000;
/** systemd answers at once; a manager that hangs must not hold us up. */
const NOTIFY_MS = 5000;
/** Longest text of STATUS=. */
const STATUS_LENGTH_MAX = 256;

/** Without `NOTIFY_SOCKET` every call is without effect. Never rejects: the manager is no part of the service. */
export function createServiceManager(deps: ServiceManagerDeps): ServiceManager {
  const { env, clock } = deps;
  const send = createSender(deps);
  const interval = pingInterval(env, deps.pid);
  let cancelPing: (() => void) | undefined;

  const ping = (): void => {
    if (interval === undefined) return;
    cancelPing = clock.after(interval, () => void send(['WATCHDOG=1']).then(ping));
  };
  return {
    ready(status) {
      if (cancelPing === undefined) ping();
      return send(['READY=1', toStatus(status)]);
    },
    reloading() {
      // The manager pairs this with the READY=1 that follows by this time (CLOCK_MONOTONIC, as hrtime's).
      return send(['RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`]);
    },
    stopping: () => send(['STOPPING=1', toStatus('Draining')]),
    status: (text) => send([toStatus(text)]),
    close() {
      cancelPing?.();
    },
  };
}

/** Half of what the unit allows, as sd_watchdog_enabled(3) advises; undefined when no pings are wanted. */
function pingInterval(env: ServiceManagerDeps['env'], pid: number): number | undefined {
  const allowed = Number(env.WATCHDOG_USEC);
  const isForUs = env.WATCHDOG_PID === undefined || env.WATCHDOG_PID === String(pid);
  if (!isForUs || !Number.isFinite(allowed) || allowed <= 0) return undefined;
  return Math.max(PING_MS_MIN, allowed / 2000);
}

function toStatus(text: string): string {
  return `STATUS=${text.replace(/\s+/g, ' ').slice(0, STATUS_LENGTH_MAX)}`;
}

/** One message after the other: READY=1 must not overtake RELOADING=1. */
function createSender(deps: ServiceManagerDeps): (assignments: readonly string[]) => Promise<void> {
  const { env, log, command = 'systemd-notify' } = deps;
  const socket = env.NOTIFY_SOCKET;
  if (socket === undefined || socket === '') return () => Promise.resolve();
  let last = Promise.resolve();
  let failed = false;
  const options = { env: { NOTIFY_SOCKET: socket, PATH: env.PATH ?? '' } };
  return (assignments) => {
    last = last.then(async () => {
      if (failed) return;
      const problem = await run(command, assignments, options.env);
      if (problem === undefined) return;
      failed = true;
      log.warn({ problem, command }, 'The service manager cannot be told of our state; not tried again.');
    });
    return last;
  };
}

function run(
  command: string,
  assignments: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(command, assignments, { env, stdio: 'ignore', timeout: NOTIFY_MS });
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(code === 0 ? undefined : `exit ${code ?? signal}`));
  });
}

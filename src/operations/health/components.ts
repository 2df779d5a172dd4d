// The components that every process has, made of what it hands in.
import { statfs } from 'node:fs/promises';
import type { Clock } from '../../clock.ts';
import type { EventLoopMonitor } from '../event-loop.ts';
import type { Component, Finding } from './health.ts';

const HEALTHY: Finding = { status: 'healthy' };

/** Critical: without a plan there is nothing to serve. A failed reload degrades, since the old plan serves on. */
export function configComponent(deps: {
  readonly loaded: () => boolean;
  /** The error of the last reload, or undefined when it succeeded. */
  readonly lastError: () => unknown;
}): Component {
  return {
    name: 'config',
    critical: true,
    check() {
      if (!deps.loaded()) return { status: 'unhealthy', message: 'No definition is loaded.' };
      const error = deps.lastError();
      if (error === undefined) return HEALTHY;
      const reason = error instanceof Error ? error.message : String(error);
      return {
        status: 'degraded',
        message: `The last reload failed, the definition before it is served: ${reason}`,
      };
    },
  };
}

/** `problem` says what is wrong with the workers that run handlers, or undefined. */
export function handlersComponent(problem: () => string | undefined): Component {
  return {
    name: 'handlers',
    critical: false,
    check() {
      const message = problem();
      return message === undefined ? HEALTHY : { status: 'degraded', message };
    },
  };
}

/** Not critical: reads of a tool need no store, and a call that does is refused by itself. `problem` as of the store. */
export function storeComponent(problem: () => string | undefined): Component {
  return {
    name: 'store',
    critical: false,
    check() {
      const message = problem();
      return message === undefined ? HEALTHY : { status: 'degraded', message };
    },
  };
}

/** DiskSpaceLow of spec operations §10. */
const FREE_PERCENT_MIN = 15;
/** Below this, writes of the store and the log are about to fail. */
const FREE_PERCENT_CRITICAL = 2;

/** `logProblem` says why log lines are being lost, if they are. */
export function diskComponent(deps: {
  readonly directory: string;
  readonly logProblem: () => string | undefined;
  /** Default: the file system's own figures. */
  readonly freePercent?: (directory: string) => Promise<number>;
}): Component {
  const { directory, logProblem, freePercent = freePercentOf } = deps;
  return {
    name: 'disk',
    critical: false,
    async check() {
      const free = Math.round((await freePercent(directory)) * 10) / 10;
      const metadata = { directory, free_percent: free };
      if (free < FREE_PERCENT_CRITICAL) {
        return { status: 'unhealthy', message: `${free} % of the disk is free.`, metadata };
      }
      const problem = logProblem();
      if (problem !== undefined) return { status: 'degraded', message: `Log: ${problem}`, metadata };
      if (free < FREE_PERCENT_MIN) {
        return { status: 'degraded', message: `Only ${free} % of the disk is free.`, metadata };
      }
      return { status: 'healthy', metadata };
    },
  };
}

async function freePercentOf(directory: string): Promise<number> {
  const { bavail, blocks } = await statfs(directory);
  return blocks === 0 ? 100 : (bavail / blocks) * 100;
}

/** No clock can be right that shows a time before this code was written. */
const EARLIEST = Date.UTC(2026, 0, 1);
/** Keys, tokens and limits count in seconds; a step of less harms none of them. */
const STEP_MS = 2000;

/** Notices a clock that is plainly wrong, or was set since the last check. */
export function clockComponent(clock: Clock): Component {
  let offset: number | undefined;
  return {
    name: 'clock',
    critical: false,
    check() {
      const now = clock.now();
      const current = now - clock.monotonic();
      const step = offset === undefined ? 0 : current - offset;
      offset = current;
      if (now < EARLIEST) {
        return { status: 'unhealthy', message: `The clock shows ${new Date(now).toISOString()}; set it.` };
      }
      if (Math.abs(step) < STEP_MS) return HEALTHY;
      return { status: 'degraded', message: `The clock was set by ${Math.round(step / 1000)} s.` };
    },
  };
}

/** Not critical by default: one tool's database must not take the others' server out of rotation. */
export function databaseComponent(options: {
  /** `database` for the process's own store, `database:<name>` for one of the definition. */
  readonly name: string;
  readonly critical?: boolean;
  /** Rejects when the database does not answer. */
  readonly ping: (signal: AbortSignal) => Promise<void>;
}): Component {
  return {
    name: options.name,
    critical: options.critical ?? false,
    async check(signal) {
      await options.ping(signal);
      return HEALTHY;
    },
  };
}

/** Longer than any call may hold the loop; above it every caller waits. */
const DELAY_MS_MAX = 500;

/** Degrades while callers wait for the loop; never unhealthy, since whoever reads this was answered. */
export function eventLoopComponent(monitor: EventLoopMonitor): Component {
  return {
    name: 'event_loop',
    critical: false,
    check() {
      const { p99Ms, maxMs } = monitor.sinceLastCheck();
      const metadata = { p99_ms: p99Ms, max_ms: maxMs };
      if (p99Ms <= DELAY_MS_MAX) return { status: 'healthy', metadata };
      return { status: 'degraded', message: `The event loop is held up for ${p99Ms} ms (p99).`, metadata };
    },
  };
}

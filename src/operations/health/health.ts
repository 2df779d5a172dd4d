// The state of every component, looked at in the background: probes read, they never check (spec operations §1).

import type { Clock } from '../../clock.ts';
import type { Log } from '../../telemetry/log.ts';
import type { JsonObject } from '../../tool.ts';

/** From best to worst. */
export const HEALTH_STATES = ['healthy', 'degraded', 'unhealthy'] as const;
/** State of a component or of the process. */
export type HealthState = (typeof HEALTH_STATES)[number];

/** What a check found. */
export interface Finding {
  readonly status: HealthState;
  /** For the operator: what is wrong and what to do. */
  readonly message?: string;
  readonly metadata?: JsonObject;
}

/** One thing the process depends on, and how to ask it. */
export interface Component {
  readonly name: string;
  /** Whether the process can do nothing useful without it: then it is taken out of rotation. */
  readonly critical: boolean;
  /** A rejection counts as unhealthy. `signal` aborts when the time for the check is over. */
  check(signal: AbortSignal): Finding | Promise<Finding>;
}

/** What the last check of one component found, and how long it took. */
export interface ComponentHealth extends Finding {
  readonly critical: boolean;
  readonly latencyMs: number;
}

/** The whole as the probes tell it. */
export interface HealthReport {
  /** `unhealthy` when a critical component is; `degraded` when anything else is not healthy. */
  readonly status: HealthState;
  readonly components: Readonly<Record<string, ComponentHealth>>;
}

/** The components of the process and what the last round of checks found. */
export interface Health {
  /** Replaces a component of the same name. Checked at once when the checks run. Returns the way to remove it. */
  add(component: Component): () => void;
  /** Checks everything once, then in the background; resolves after the first round. */
  start(): Promise<void>;
  stop(): void;
  /** What the last round found. */
  report(): HealthReport;
}

/** A state is at most this old plus one check, which keeps within the 10 s promised. */
const INTERVAL_MS = 5000;
const CHECK_MS = 1000;
/** Checks of one component that ignore their signal: no more than this many pile up. */
const HANGING_MAX = 3;

/** Knows no component yet and checks nothing before `start`. Changes of state are logged. */
export function createHealth(deps: { readonly clock: Clock; readonly log: Log }): Health {
  const { clock, log } = deps;
  const watched = new Map<string, Watched>();
  let cancel: (() => void) | undefined;
  let running = false;

  const checkOne = async (entry: Watched): Promise<void> => {
    const found = await runCheck(entry, clock);
    if (watched.get(entry.component.name) !== entry) return;
    tellChange(entry, found, log);
    entry.health = found;
  };
  const round = async (): Promise<void> => {
    await Promise.all([...watched.values()].map(checkOne));
    if (running) cancel = clock.after(INTERVAL_MS, () => void round());
  };
  return {
    add(component) {
      const entry = { component, health: undefined, hanging: 0 };
      watched.set(component.name, entry);
      if (running) void checkOne(entry);
      return () => {
        if (watched.get(component.name) === entry) watched.delete(component.name);
      };
    },
    async start() {
      if (running) return;
      running = true;
      await round();
    },
    stop() {
      running = false;
      cancel?.();
    },
    report: () => toReport(watched.values()),
  };
}

interface Watched {
  readonly component: Component;
  health: ComponentHealth | undefined;
  /** Checks that outlived their time and have not ended yet. */
  hanging: number;
}

async function runCheck(entry: Watched, clock: Clock): Promise<ComponentHealth> {
  const { component } = entry;
  const startedAt = clock.monotonic();
  const finding = entry.hanging >= HANGING_MAX ? NO_ANSWER : await findWithin(entry, clock);
  return { ...finding, critical: component.critical, latencyMs: clock.monotonic() - startedAt };
}

const NO_ANSWER: Finding = { status: 'unhealthy', message: `No answer within ${CHECK_MS} ms.` };

function findWithin(entry: Watched, clock: Clock): Promise<Finding> {
  const abort = new AbortController();
  return new Promise((resolve) => {
    entry.hanging++;
    const cancel = clock.after(CHECK_MS, () => {
      resolve(NO_ANSWER);
      abort.abort();
    });
    const settle = (finding: Finding): void => {
      entry.hanging--;
      cancel();
      resolve(finding);
    };
    // In a promise's turn, so that a check that throws at once is a finding as well.
    Promise.resolve()
      .then(() => entry.component.check(abort.signal))
      .then(settle, (error: unknown) => settle({ status: 'unhealthy', message: messageOf(error) }));
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function tellChange(entry: Watched, found: ComponentHealth, log: Log): void {
  const before = entry.health?.status;
  if (before === found.status || (before === undefined && found.status === 'healthy')) return;
  const fields = { check: entry.component.name, state: found.status, reason: found.message };
  if (found.status === 'healthy') log.info(fields, 'A component is healthy again.');
  else log.warn(fields, 'A component is not healthy.');
}

const NOT_CHECKED: Finding = { status: 'unhealthy', message: 'Not checked yet.' };

function toReport(entries: Iterable<Watched>): HealthReport {
  const components: Record<string, ComponentHealth> = {};
  let status: HealthState = 'healthy';
  for (const { component, health } of entries) {
    const found = health ?? { ...NOT_CHECKED, critical: component.critical, latencyMs: 0 };
    components[component.name] = found;
    if (found.status === 'healthy') continue;
    if (found.status === 'unhealthy' && found.critical) status = 'unhealthy';
    else if (status === 'healthy') status = 'degraded';
  }
  return { status, components };
}

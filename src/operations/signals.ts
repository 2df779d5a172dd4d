// What the process does on signals (spec operations §5).
import type { EventEmitter } from 'node:events';
import type { ServiceLog } from '../telemetry/log/service-log.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { LogLevelControl } from './log-level.ts';
import type { ServiceManager } from './service-manager.ts';

/** What the signals act on. */
export interface SignalDeps {
  /** `process`, or what stands for it in a test. */
  readonly source: EventEmitter;
  readonly lifecycle: Lifecycle;
  readonly log: ServiceLog;
  readonly levels: LogLevelControl;
  readonly serviceManager: ServiceManager;
  /** Definitions and certificates; rejects or resolves with `error` when the old plan stays. */
  readonly reload: () => Promise<{ readonly error: unknown }>;
  /** Writes the dump; resolves with its path. */
  readonly dump: () => Promise<string>;
  /** Ends the process; `process.exit`. */
  readonly exit: (code: number) => void;
}

/** SIGUSR2 is for looking at something that happens now. */
const DEBUG_MS = 10 * 60 * 1000;

/**
 * Listens to all of them. Call it as early as possible: only a listener keeps SIGUSR1 from opening the runtime's
 * debugger. Returns the way to stop listening.
 */
export function listenToSignals(deps: SignalDeps): () => void {
  const end = createStopper(deps);
  const listeners: Readonly<Record<string, () => void>> = {
    SIGTERM: () => end('SIGTERM'),
    SIGINT: () => end('SIGINT'),
    SIGHUP: () => void reload(deps),
    SIGUSR1: () => void dump(deps),
    SIGUSR2: () => void deps.levels.change('debug', { ttlMs: DEBUG_MS }),
  };
  for (const [signal, listener] of Object.entries(listeners)) deps.source.on(signal, listener);
  return () => {
    for (const [signal, listener] of Object.entries(listeners)) deps.source.off(signal, listener);
  };
}

function createStopper(deps: SignalDeps): (signal: string) => void {
  // Not the lifecycle's state: a drain by `/admin/drain` is no first signal.
  let stopping = false;
  return (signal) => {
    if (stopping) {
      deps.log.warn({ signal }, 'Second signal: ending at once.');
      deps.log.flushSync();
      deps.exit(1);
      return;
    }
    stopping = true;
    deps.log.notice({ signal }, 'Stopping.');
    void stop(deps);
  };
}

async function stop(deps: SignalDeps): Promise<void> {
  // Not awaited: a manager that does not answer must not delay the drain.
  void deps.serviceManager.stopping();
  await deps.lifecycle.stop();
  deps.serviceManager.close();
  deps.exit(0);
}

async function reload(deps: SignalDeps): Promise<void> {
  deps.log.reopen();
  void deps.serviceManager.reloading();
  const error = await deps.reload().then(
    (outcome) => outcome.error,
    (thrown: unknown) => thrown,
  );
  if (error === undefined) deps.log.notice({}, 'Reloaded.');
  else deps.log.error({ error }, 'The reload failed; what was served before is served on.');
  await deps.serviceManager.ready(error === undefined ? 'Serving' : 'Serving; the last reload failed');
}

async function dump(deps: SignalDeps): Promise<void> {
  try {
    deps.log.notice({ file: await deps.dump() }, 'Diagnostics were written.');
  } catch (error) {
    deps.log.error({ error }, 'Diagnostics could not be written.');
  }
}

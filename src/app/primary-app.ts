// The process that holds no traffic: it starts the workers, keeps their shared counters, and brings them to their end.
import type { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../clock.ts';
import { createLimitLedger } from '../gate/limits/limit-ledger.ts';
import { createSlotLedger } from '../gate/limits/shared-slots.ts';
import { createServiceManager } from '../operations/service-manager.ts';
import { createStreamTarget, isJournalStream, type LogTarget } from '../telemetry/log/target.ts';
import { type BuildInfo, createTelemetry, type Telemetry } from '../telemetry/telemetry.ts';
import { createProcessHost } from '../upstreams/stdio/process-host.ts';
import { createWorkerLauncher } from '../workers/cluster-process.ts';
import { createDoor, type Door } from '../workers/door.ts';
import { createFleet, type Fleet, type FleetWorker } from '../workers/fleet.ts';
import { createPrimary, type Primary } from '../workers/primary.ts';
import type { AppSettings } from './settings.ts';

export interface PrimaryApp {
  /** A worker that can say what all of them serve. */
  readonly spokesman: FleetWorker;
  /** Resolves with the exit code when the process should end. */
  readonly ended: Promise<number>;
}

export interface PrimaryAppOptions {
  readonly settings: AppSettings;
  readonly build: BuildInfo;
  /** The executable and the words that workers are started with. */
  readonly main: string;
  readonly words: readonly string[];
  readonly signals: EventEmitter;
}

const DRAIN_TIMEOUT_MS = 30_000;
/** A worker that has drained still closes what it has open. */
const CLOSE_MS = 10_000;

/** Resolves when the workers serve, or with the exit code of the first one that could not. */
export async function startPrimaryApp(
  options: PrimaryAppOptions,
): Promise<PrimaryApp | { readonly exitCode: number }> {
  const { settings, signals } = options;
  const { environment } = settings;
  const target = createStreamTarget(2);
  const telemetry = openTelemetry(options, target);
  const log = telemetry.log.child({ component: 'primary' });
  const ledger = createLimitLedger(() => performance.now());
  let fleet: Fleet | undefined;
  const running = (): Fleet => {
    if (fleet === undefined) throw new Error('no worker was started yet');
    return fleet;
  };
  const door = createDoor({ ready: () => fleet?.ready() ?? [], running: () => fleet?.all() ?? [] });
  const processes = createProcessHost({ clock: systemClock });
  const primary = createPrimary({
    fleet: running,
    processes,
    door,
    log,
    takes: ledger.forWorker,
    slots: createSlotLedger(settings.workers),
    metrics: telemetry.metrics.collect,
  });
  const directory = mkdtempSync(join(tmpdir(), 'quayside-'));
  fleet = createFleet({
    directory,
    wanted: settings.workers,
    onChange: door.look,
    clock: systemClock,
    log,
    endWithinMs: (environment.drainTimeoutMs ?? DRAIN_TIMEOUT_MS) + CLOSE_MS,
    writesToJournal: isJournalStream(2, settings.env.JOURNAL_STREAM),
    launch: createWorkerLauncher({
      main: options.main,
      words: options.words,
      serve: primary.serve,
      onLine: target.write,
      onError: (error) => log.error({ error }, 'A message of a worker could not be handled.'),
    }),
  });
  const serviceManager = createServiceManager({
    env: settings.env,
    clock: systemClock,
    log,
    pid: process.pid,
  });
  const close = async () => {
    await processes.close();
    rmSync(directory, { recursive: true, force: true });
    await telemetry.close();
  };
  const ended = endOnSignals({ signals, fleet, primary, door, log, serviceManager, close });
  const started = await fleet.start();
  const [spokesman] = fleet.ready();
  if ('exitCode' in started || spokesman === undefined) {
    await door.close();
    await close();
    return { exitCode: 'exitCode' in started ? started.exitCode : 1 };
  }
  log.notice({ workers: settings.workers, port: started.port }, 'The workers serve.');
  await serviceManager.ready(`Serving on port ${started.port}`);
  return { spokesman, ended };
}

function openTelemetry({ settings, build }: PrimaryAppOptions, target: LogTarget): Telemetry {
  const { JOURNAL_STREAM: journalStream } = settings.env;
  return createTelemetry({
    settings: settings.environment.telemetry,
    build,
    stdio: true,
    target,
    ...(journalStream === undefined ? {} : { journalStream }),
  });
}

interface Ending {
  readonly signals: EventEmitter;
  readonly fleet: Fleet;
  readonly primary: Primary;
  readonly door: Door;
  readonly log: ReturnType<typeof createTelemetry>['log'];
  readonly serviceManager: ReturnType<typeof createServiceManager>;
  readonly close: () => Promise<void>;
}

function endOnSignals({
  signals,
  fleet,
  primary,
  door,
  log,
  serviceManager,
  close,
}: Ending): Promise<number> {
  return new Promise((resolve) => {
    let isStopping = false;
    const stop = async (): Promise<void> => {
      void serviceManager.stopping();
      await door.close();
      fleet.setDraining(true);
      await fleet.stop();
      serviceManager.close();
      await close();
      resolve(0);
    };
    const end = (signal: string): void => {
      if (isStopping) {
        log.warn({ signal }, 'Second signal: ending at once.');
        log.flushSync();
        fleet.kill();
        resolve(1);
        return;
      }
      isStopping = true;
      log.notice({ signal }, 'Stopping.');
      void stop();
    };
    const reload = async (): Promise<void> => {
      log.reopen();
      void serviceManager.reloading();
      primary.signal('reopen');
      const { error } = await primary.reload();
      if (error === undefined) log.notice({}, 'Reloaded.');
      else log.error({ error }, 'The reload failed; what was served before is served on.');
      await serviceManager.ready(error === undefined ? 'Serving' : 'Serving; the last reload failed');
    };
    signals.on('SIGTERM', () => end('SIGTERM'));
    signals.on('SIGINT', () => end('SIGINT'));
    signals.on('SIGHUP', () => void reload());
    for (const name of ['SIGUSR1', 'SIGUSR2'] as const) signals.on(name, () => primary.signal(name));
  });
}

// What the primary does for its workers: it counts limits, passes on news, lets them reload in turn, and adds up metrics.
import type { SlotLedger } from '../gate/limits/shared-slots.ts';
import type { ServiceLog } from '../telemetry/log/service-log.ts';
import type { Family } from '../telemetry/metrics/family.ts';
import type { Door } from './door.ts';
import type { Fleet, FleetWorker } from './fleet.ts';
import type { MessageChannel } from './message-channel.ts';
import {
  type ListenOutcome,
  type ListenWish,
  PUBLISH_WITHIN_MS,
  RELOAD_WITHIN_MS,
  TO_PRIMARY,
  TO_WORKER,
  type WorkerReload,
} from './messages.ts';
import { createMetricsOfAll } from './metrics-of-all.ts';

/** What workers and the process around them ask of it. */
export interface Primary {
  /** Answers what one worker asks; called before it runs. Returns what is to be done when it has ended. */
  serve(channel: MessageChannel): () => void;
  /** Lets the workers reload one after the other; the first that refuses keeps the others from it. */
  reload(): Promise<{ readonly error: string | undefined }>;
  /** Every worker stops taking what lasts, or takes it again. */
  setDraining(isDraining: boolean): void;
  /** Every worker gets a signal; `reopen` is for its log files. */
  signal(name: NodeJS.Signals | 'reopen'): void;
}

export interface PrimaryDeps {
  readonly fleet: () => Fleet;
  readonly log: ServiceLog;
  readonly door: Door;
  /** A worker's way to the counters that all share. */
  readonly takes: () => (batch: unknown) => unknown;
  /** The places for calls that run at once. */
  readonly slots: SlotLedger;
  /** The processes that run once for all workers. */
  readonly processes: Pick<Primary, 'serve'>;
  /** The primary's own metrics. */
  readonly metrics: () => Promise<readonly Family[]>;
}

/** `deps.fleet` is asked only once there is one. */
export function createPrimary(deps: PrimaryDeps): Primary {
  const { fleet, log } = deps;
  const metrics = createMetricsOfAll(deps.metrics);
  const reload = shared(() => reloadInTurn(fleet(), log));
  const setDraining = (isDraining: boolean): void => {
    fleet().setDraining(isDraining);
    const topic = isDraining ? TO_WORKER.drain : TO_WORKER.undrain;
    for (const { channel } of fleet().all()) channel.tell(topic, undefined);
  };
  return {
    serve(channel) {
      const take = deps.takes();
      const slots = deps.slots.forWorker();
      const leaveProcesses = deps.processes.serve(channel);
      channel.handle(TO_PRIMARY.take, take);
      channel.handle(TO_PRIMARY.borrow, slots.borrow);
      channel.handle(TO_PRIMARY.giveBack, slots.giveBack);
      channel.handle(TO_PRIMARY.listen, (body) => listen(deps.door, parseWish(body)));
      channel.handle(TO_PRIMARY.connection, (body) => deps.door.answered(...parseTaken(body)));
      channel.handle(TO_PRIMARY.metrics, () => metrics.collect(fleet().ready()));
      channel.handle(TO_PRIMARY.reload, reload);
      channel.handle(TO_PRIMARY.drain, () => setDraining(true));
      channel.handle(TO_PRIMARY.undrain, () => setDraining(false));
      channel.handle(TO_PRIMARY.publish, (body) =>
        publish(
          fleet()
            .all()
            .filter((worker) => worker.channel !== channel),
          body,
        ),
      );
      return () => {
        slots.end();
        leaveProcesses();
      };
    },
    reload,
    setDraining,
    signal(name) {
      for (const { channel } of fleet().all()) channel.tell(TO_WORKER.signal, name);
    },
  };
}

async function reloadInTurn(fleet: Fleet, log: ServiceLog): Promise<{ readonly error: string | undefined }> {
  const keys = new Set<string>();
  for (const worker of fleet.ready()) {
    const { error, needsRestart } = await reloadOne(worker);
    // The next would read the same; where the files have changed meanwhile, another reload is on its way.
    if (error !== undefined) return { error };
    for (const key of needsRestart) keys.add(key);
  }
  if (keys.size > 0) {
    log.notice({ keys: [...keys] }, 'What only a new process follows has changed: the workers are replaced.');
    // Not awaited: whoever asked for the reload may be a call on a worker that is replaced.
    void fleet.restart();
  }
  return { error: undefined };
}

async function reloadOne({ slot, channel }: FleetWorker): Promise<WorkerReload> {
  try {
    return parseReload(await channel.ask(TO_WORKER.reload, undefined, RELOAD_WITHIN_MS));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { error: `Worker ${slot} did not reload: ${reason}.`, needsRestart: [] };
  }
}

/** Resolves when all have heard it, with their answers; one that hangs or ends is not waited for longer. */
async function publish(workers: readonly FleetWorker[], body: unknown): Promise<readonly unknown[]> {
  const asked = workers.map(({ channel }) => channel.ask(TO_WORKER.published, body, PUBLISH_WITHIN_MS));
  const settled = await Promise.allSettled(asked);
  return settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
}

/** One run at a time; those who ask meanwhile share the one that follows. */
function shared<Result>(run: () => Promise<Result>): () => Promise<Result> {
  let running: Promise<Result> | undefined;
  let following: Promise<Result> | undefined;
  const start = (): Promise<Result> => {
    following = undefined;
    running = run().finally(() => {
      running = undefined;
    });
    return running;
  };
  return () => {
    if (running === undefined) return start();
    following ??= running.then(start, start);
    return following;
  };
}

async function listen(door: Door, { host, port }: ListenWish): Promise<ListenOutcome> {
  try {
    return { port: await door.listen(host, port) };
  } catch (error) {
    const refused = error instanceof Error && 'code' in error ? String(error.code) : '';
    return { refused, message: error instanceof Error ? error.message : String(error) };
  }
}

/** A worker is the same program. */
function parseWish(body: unknown): ListenWish {
  return body as ListenWish;
}

function parseTaken(body: unknown): [id: number, isTaken: boolean] {
  return body as [number, boolean];
}

function parseReload(body: unknown): WorkerReload {
  return body as WorkerReload;
}

// The primary's workers: as many as wanted are kept running, a dead one is replaced, all are replaced one by one.
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import type { ServiceLog } from '../telemetry/log/service-log.ts';
import type { MessageChannel } from './message-channel.ts';
import { type FleetState, type Member, TO_PRIMARY, TO_WORKER, type WorkerStart } from './messages.ts';

/** One process, as the fleet needs it. */
export interface WorkerProcess {
  readonly pid: number;
  readonly channel: MessageChannel;
  /** Gives the process its end of a connection; this one keeps its own. */
  handConnection(id: number, socket: Socket): void;
  kill(signal: NodeJS.Signals): void;
  /** Told once, when the process is gone. */
  onExit(listener: (code: number | null, signal: string | null) => void): void;
}

export interface FleetDeps {
  readonly wanted: number;
  /** Whether what workers write ends up in the journal, which wants priorities before the lines. */
  readonly writesToJournal: boolean;
  /** See {@link WorkerStart}. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: ServiceLog;
  /** Starts a process and answers its question for `start`. */
  readonly launch: (start: WorkerStart) => WorkerProcess;
  /** Told after each change of which workers there are and what they do. */
  readonly onChange: () => void;
  /** Milliseconds after which a worker that was told to end is killed. */
  readonly endWithinMs: number;
}

/** Made by the primary; `start` begins. */
export interface Fleet {
  /** Resolves when the first worker serves and the others do or have failed once; else with the first one's exit code. */
  start(): Promise<{ readonly port: number } | { readonly exitCode: number }>;
  /** Replaces every worker by a new process, one after the other; the first that does not start ends it. */
  restart(): Promise<void>;
  /** Ends all of them; resolves when the last one is gone. */
  stop(): Promise<void>;
  /** Ends all of them at once. */
  kill(): void;
  /** Sets what is told of the whole; workers hear of it. */
  setDraining(isDraining: boolean): void;
  state(): FleetState;
  /** Workers that answer, lowest slot first. */
  ready(): readonly FleetWorker[];
  /** Every worker that runs, also one that starts or ends. */
  all(): readonly FleetWorker[];
}

/** A worker as others see it: who it is, and the way to it. */
export interface FleetWorker extends Member {
  readonly channel: MessageChannel;
  handConnection(id: number, socket: Socket): void;
}

/** The first replacement comes at once; then twice the pause each time, so that a broken start burns no core. */
const BACK_OFF_MS = 100;
const BACK_OFF_MS_MAX = 10_000;
/** A worker that served this long is no failed start. */
const STABLE_MS = 30_000;
/** A start takes a second; on a machine that is overloaded much longer. */
const START_WITHIN_MS = 60_000;
const NAME_BYTES = 4;

type WorkerState = 'starting' | 'ready' | 'leaving';

class Worker implements FleetWorker {
  readonly slot: number;
  readonly name: string;
  readonly process: WorkerProcess;
  state: WorkerState = 'starting';
  /** Told to end by the primary: nobody takes its place. */
  isDismissed = false;
  readyAt = 0;
  /** Resolves true with the first answerable call, false when it ended before. */
  readonly started: Promise<boolean>;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  port = 0;
  #start: (isReady: boolean) => void = () => undefined;

  constructor(slot: number, name: string, process: WorkerProcess) {
    this.slot = slot;
    this.name = name;
    this.process = process;
    this.started = new Promise((resolve) => {
      this.#start = resolve;
    });
    this.exited = new Promise((resolve) => {
      process.onExit((code, signal) => {
        this.#start(false);
        resolve({ code, signal });
      });
    });
  }

  get pid(): number {
    return this.process.pid;
  }

  get channel(): MessageChannel {
    return this.process.channel;
  }

  handConnection(id: number, socket: Socket): void {
    this.process.handConnection(id, socket);
  }

  begin(port: number, now: number): void {
    this.port = port;
    this.readyAt = now;
    this.state = 'ready';
    this.#start(true);
  }
}

/** Starts nothing before `start`. */
export function createFleet(deps: FleetDeps): Fleet {
  return new ProcessFleet(deps);
}

class ProcessFleet implements Fleet {
  readonly #deps: FleetDeps;
  readonly #workers = new Set<Worker>();
  /** Failed starts in a row, by slot. */
  readonly #failures = new Map<number, number>();
  #hasStarted = false;
  #isDraining = false;
  #isStopping = false;
  #restarting: Promise<void> | undefined;

  constructor(deps: FleetDeps) {
    this.#deps = deps;
  }

  async start(): Promise<{ readonly port: number } | { readonly exitCode: number }> {
    // One alone first: it brings the schema up to date, makes secrets and finds the port.
    const first = this.#launch(1);
    if (!(await first.started)) {
      const { code } = await first.exited;
      return { exitCode: code ?? 1 };
    }
    this.#keep(first);
    const others = Array.from({ length: this.#deps.wanted - 1 }, (_, index) => this.#launch(index + 2));
    for (const worker of others) this.#keep(worker);
    await Promise.all(others.map(({ started }) => started));
    this.#hasStarted = true;
    this.#tellState();
    return { port: first.port };
  }

  restart(): Promise<void> {
    // A wish that comes while one runs is about what the running one may have read already.
    this.#restarting = (this.#restarting ?? Promise.resolve()).then(() => this.#restartAll());
    return this.#restarting;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all([...this.#workers].map((worker) => this.#end(worker)));
  }

  kill(): void {
    this.#isStopping = true;
    for (const { process } of this.#workers) process.kill('SIGKILL');
  }

  setDraining(isDraining: boolean): void {
    this.#isDraining = isDraining;
    this.#tellState();
  }

  state(): FleetState {
    const show = ({ slot, name, pid }: Worker): Member => ({ slot, name, pid });
    return {
      wanted: this.#hasStarted ? this.#deps.wanted : this.#in('ready').length,
      isDraining: this.#isDraining,
      ready: this.#in('ready').map(show),
      leaving: this.#in('leaving').map(show),
    };
  }

  ready(): readonly FleetWorker[] {
    return this.#in('ready');
  }

  all(): readonly FleetWorker[] {
    return [...this.#workers];
  }

  #in(state: WorkerState): Worker[] {
    return [...this.#workers].filter((worker) => worker.state === state).sort((a, b) => a.slot - b.slot);
  }

  #launch(slot: number): Worker {
    const { clock, launch, directory, writesToJournal, wanted: workers } = this.#deps;
    const name = `${slot.toString(36)}${randomBytes(NAME_BYTES).toString('hex')}`;
    const process = launch({ slot, name, workers, directory, writesToJournal });
    const worker = new Worker(slot, name, process);
    this.#workers.add(worker);
    const cancel = clock.after(START_WITHIN_MS, () => {
      if (worker.state === 'starting') process.kill('SIGKILL');
    });
    process.channel.handle(TO_PRIMARY.ready, (body) => {
      cancel();
      if (worker.state !== 'starting') return;
      worker.begin(parsePort(body), clock.monotonic());
      this.#tellState();
    });
    // Told to end by somebody else: it takes nothing new any more, and is replaced when it is gone.
    process.channel.handle(TO_PRIMARY.leaving, () => {
      worker.state = 'leaving';
      this.#tellState();
    });
    void worker.exited.then(() => {
      cancel();
      this.#workers.delete(worker);
      this.#tellState();
    });
    return worker;
  }

  /** Watches one that is to stay; when it goes by itself, another takes its place. */
  #keep(worker: Worker): void {
    void worker.exited.then(({ code, signal }) => {
      if (this.#isStopping || worker.isDismissed) return;
      const { clock, log } = this.#deps;
      const { slot, pid } = worker;
      const hasServed = worker.state !== 'starting' && clock.monotonic() - worker.readyAt >= STABLE_MS;
      const failures = hasServed ? 0 : (this.#failures.get(slot) ?? 0);
      this.#failures.set(slot, failures + 1);
      const pauseMs = failures === 0 ? 0 : Math.min(BACK_OFF_MS_MAX, BACK_OFF_MS * 2 ** (failures - 1));
      log.error(
        { worker: slot, worker_pid: pid, code, signal, replaced_in_ms: pauseMs },
        'A worker ended; another takes its place.',
      );
      clock.after(
        pauseMs,
        () => {
          if (!this.#isStopping) this.#keep(this.#launch(slot));
        },
        { keepsAlive: true },
      );
    });
  }

  async #restartAll(): Promise<void> {
    for (const old of this.#in('ready')) {
      if (this.#isStopping || old.state !== 'ready') continue;
      const next = this.#launch(old.slot);
      if (!(await next.started)) {
        this.#deps.log.error(
          { worker: old.slot },
          'A new worker did not start; the ones before it serve on.',
        );
        return;
      }
      if (this.#isStopping) return;
      this.#keep(next);
      await this.#end(old);
    }
    this.#deps.log.notice({ workers: this.#deps.wanted }, 'Every worker was replaced.');
  }

  /** Tells it to drain and waits; what does not end in time is killed. */
  async #end(worker: Worker): Promise<void> {
    const { clock, log, endWithinMs } = this.#deps;
    worker.isDismissed = true;
    // One that has not begun has nothing to bring to an end.
    if (worker.state === 'starting') worker.process.kill('SIGKILL');
    worker.state = 'leaving';
    this.#tellState();
    worker.channel.tell(TO_WORKER.signal, 'SIGTERM');
    const cancel = clock.after(endWithinMs, () => {
      log.error(
        { worker: worker.slot, worker_pid: worker.pid },
        'A worker did not end in time and is killed.',
      );
      worker.process.kill('SIGKILL');
    });
    await worker.exited;
    cancel();
  }

  #tellState(): void {
    const state = this.state();
    for (const { channel } of this.#workers) channel.tell(TO_WORKER.state, state);
    this.#deps.onChange();
  }
}

/** Our own worker says it. */
function parsePort(body: unknown): number {
  return Number(body);
}

// One call of a tool that may go on as a task: the runs of its handler, and the waits for its client between them.
import type { Clock } from '../../clock.ts';
import type { ToolEntry } from '../../plan/server-plan.ts';
import type { JsonObject, Operation } from '../../tool.ts';
import { RunningCall } from '../running-call.ts';
import { isFinal, type Task } from './task.ts';
import type { TaskChannel } from './task-channel.ts';
import type { TaskLease } from './task-lease.ts';

/** Progress is written at most this often: nobody polls faster, and each write is a commit. */
const NOTE_EVERY_MS = 1000;
/** As much of a message as a person reads. */
const NOTE_LENGTH_MAX = 500;

export interface TaskRunOptions {
  readonly entry: ToolEntry;
  readonly lease: TaskLease;
  readonly clock: Clock;
  /** Told of each change that this run makes. */
  readonly changed: (task: Task) => void;
  /** Told when progress cannot be written. */
  readonly onProblem: (error: unknown) => void;
  /** The channel of the next run of the handler, with what was answered so far. */
  readonly channelFor: (answers: JsonObject) => TaskChannel;
}

/** From the gate to the last run of the handler. */
export class TaskRun {
  readonly entry: ToolEntry;
  /** Gives back the place among the tasks that may run. */
  leaveRoom: () => void = () => undefined;
  readonly #options: TaskRunOptions;
  #created: Promise<Task> | undefined;
  #task: Task | undefined;
  #reason: Error | undefined;
  readonly #released = Promise.withResolvers<void>();
  #isReleased = false;
  #isOver = false;
  #call: RunningCall | undefined;
  #channel: TaskChannel | undefined;
  #wake = Promise.withResolvers<void>();
  #notedAt = Number.NEGATIVE_INFINITY;
  #note: string | undefined;

  constructor(options: TaskRunOptions) {
    this.#options = options;
    this.entry = options.entry;
  }

  /** As it was last seen; undefined while the call is none yet. */
  get task(): Task | undefined {
    return this.#task;
  }

  /** The task, once it is written down; undefined where the call is none. */
  get created(): Promise<Task> | undefined {
    return this.#created;
  }

  /** Resolves when the task is left to another process. */
  get released(): Promise<void> {
    return this.#released.promise;
  }

  /** Whether the handler has run for the last time. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** From now on it is a task, as soon as it is written down; what the handler asks is then asked by the task. */
  becomes(created: Promise<Task>, leaveRoom: () => void = () => undefined): void {
    this.#created = created;
    this.leaveRoom = leaveRoom;
    this.#channel?.detach();
    created.then(
      (task) => this.seen(task),
      (error: unknown) => this.end(error instanceof Error ? error : new Error(String(error))),
    );
  }

  /** Runs the handler, again with each set of answers, until it asks nothing more. */
  run(operation: Operation, first: TaskChannel): Promise<unknown> {
    return this.#rounds(operation, first).finally(() => {
      this.#isOver = true;
    });
  }

  async #rounds(operation: Operation, first: TaskChannel): Promise<unknown> {
    let channel = first;
    for (;;) {
      this.#channel = channel;
      if (this.#created !== undefined) channel.detach();
      const call = new RunningCall(operation, operation.args, channel);
      channel.attach(call);
      this.#call = call;
      if (this.#reason !== undefined) call.end(this.#reason);
      try {
        const result = await call.race((running) => this.entry.item.run(running));
        if (this.#isReleased) await NEVER;
        return result;
      } catch (error) {
        if (this.#isReleased) await NEVER;
        const { asked, refusal } = channel.rounds;
        if (this.#created === undefined || this.#reason !== undefined) throw error;
        if (refusal !== undefined) throw refusal;
        if (asked === undefined) throw error;
        await this.#ask(asked);
      }
      channel = this.channelFor(this.#task?.answers ?? {});
    }
  }

  /** The channel of a run that has `answers`. */
  channelFor(answers: JsonObject): TaskChannel {
    return this.#options.channelFor(answers);
  }

  /** A newer state of the task, from whoever changed it. */
  seen(task: Task): void {
    if (this.#task !== undefined && task.revision <= this.#task.revision) return;
    this.#task = task;
    if (isFinal(task)) this.end(new Error('The task was ended.'));
    const wake = this.#wake;
    this.#wake = Promise.withResolvers();
    wake.resolve();
  }

  /** Ends the handler, or the wait for the client. */
  end(reason: Error): void {
    this.#reason ??= reason;
    this.#call?.end(reason);
    this.#wake.resolve();
  }

  /** Leaves the task as it is to another process: nothing that still happens here counts. */
  release(): void {
    this.#isReleased = true;
    this.#released.resolve();
    this.end(new Error('The process ends.'));
  }

  /** What the handler says of its progress, as the task's message. */
  note(message: string): void {
    const { clock, onProblem } = this.#options;
    const isWaiting = this.#note !== undefined;
    this.#note = message.slice(0, NOTE_LENGTH_MAX);
    if (isWaiting) return;
    const wait = Math.max(0, this.#notedAt + NOTE_EVERY_MS - clock.monotonic());
    clock.after(wait, () => void this.#writeNote().catch(onProblem));
  }

  async #writeNote(): Promise<void> {
    const { lease, clock } = this.#options;
    const message = this.#note;
    this.#note = undefined;
    this.#notedAt = clock.monotonic();
    const task = await this.#created;
    if (message === undefined || task === undefined) return;
    this.#changed(await lease.note(task, message));
  }

  async #ask(asked: NonNullable<TaskChannel['rounds']['asked']>): Promise<void> {
    const { lease } = this.#options;
    const task = await this.#created;
    if (task === undefined) throw new Error('only a task asks');
    // Gone means cancelled, or taken over: whoever did it has told, or will.
    const parked = await lease.park(task, asked);
    if (parked === undefined) this.end(new Error('The task was ended.'));
    else this.#changed(parked);
    while (this.#reason === undefined && this.#task?.status === 'input_required') await this.#wake.promise;
    if (this.#isReleased) await NEVER;
    if (this.#reason !== undefined) throw this.#reason;
    this.#changed(await lease.resume(task, task.isResumable));
  }

  #changed(task: Task | undefined): void {
    if (task === undefined) return;
    this.seen(task);
    this.#options.changed(task);
  }
}

/** What never settles is collected with whoever waits for it. */
const NEVER = new Promise<never>(() => undefined);

// A thread that answers questions by number: started when first asked, and holding the process only while it is asked.
import type { Worker } from 'node:worker_threads';
import { startBackgroundThread, startThread } from './thread.ts';

/** What such a thread says; `id` is that of the question. */
export type ThreadAnswer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failure: string };

/** Which thread. */
export interface AskedThreadOptions {
  /** As {@link startThread} takes it. */
  readonly path: string;
  readonly setup?: unknown;
  /** Bounds its old-generation heap. */
  readonly heapMb: number;
  /** Works ahead, behind the threads that answer. */
  readonly isBackground?: true;
  /** Said to whoever waits when it ends by itself. */
  readonly ended: string;
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Questions reject with an Error when the thread fails; the next one starts it again. */
export class AskedThread {
  readonly #options: AskedThreadOptions;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #nextId = 1;

  constructor(options: AskedThreadOptions) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  /** Sends the message with a number; the thread answers each with the type that the caller knows it to stand for. */
  ask<Value>(message: object): Promise<Value> {
    const worker = this.#worker ?? this.#start();
    const id = this.#nextId++;
    if (this.#pending.size === 0) worker.ref();
    return new Promise<Value>((resolve, reject) => {
      this.#pending.set(id, { resolve: (value) => resolve(value as Value), reject });
      worker.postMessage({ ...message, id });
    });
  }

  /** Ends the thread, also when it is busy; whatever was asked is refused. */
  async terminate(): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const { path, setup, heapMb, isBackground, ended } = this.#options;
    const worker = (isBackground ? startBackgroundThread : startThread)(path, setup, heapMb);
    worker.on('message', (answer: ThreadAnswer) => this.#settle(worker, answer));
    worker.on('error', (error) =>
      this.#end(worker, error instanceof Error ? error : new Error(String(error))),
    );
    worker.on('exit', () => this.#end(worker, new Error(ended)));
    worker.unref();
    this.#worker = worker;
    return worker;
  }

  #settle(worker: Worker, answer: ThreadAnswer): void {
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if (this.#pending.size === 0) worker.unref();
    if ('failure' in answer) pending?.reject(new Error(answer.failure));
    else pending?.resolve(answer.value);
  }

  #end(worker: Worker, error: Error): void {
    // A thread that was replaced meanwhile has nobody left who waits for it.
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}

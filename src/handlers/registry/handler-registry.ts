// Functions that an embedding program registers, and that definitions name as `registry:NAME` (spec servers §3.7).
import type { HandlerFunction } from '../workers/handler-context.ts';

/**
 * Functions by name. They run on the main thread, with the program that registered them: a timeout ends their call, and
 * cannot stop them.
 */
export class HandlerRegistry {
  static #instance: HandlerRegistry | undefined;
  readonly #functions = new Map<string, HandlerFunction>();

  /** The registry of this process; every server in it looks there. */
  static getInstance(): HandlerRegistry {
    HandlerRegistry.#instance ??= new HandlerRegistry();
    return HandlerRegistry.#instance;
  }

  get size(): number {
    return this.#functions.size;
  }

  /** Throws TypeError for what is no name or no function, and Error for a name that is taken. */
  register(name: string, handler: HandlerFunction): void {
    if (typeof name !== 'string' || name === '') throw new TypeError('A handler needs a name.');
    if (typeof handler !== 'function') throw new TypeError(`The handler ${name} is not a function.`);
    if (this.#functions.has(name)) throw new Error(`The handler ${name} is registered already.`);
    this.#functions.set(name, handler);
  }

  /** False when there was none. */
  unregister(name: string): boolean {
    return this.#functions.delete(name);
  }

  has(name: string): boolean {
    return this.#functions.has(name);
  }

  /** The names, in the order in which they were registered. */
  list(): string[] {
    return [...this.#functions.keys()];
  }

  clear(): void {
    this.#functions.clear();
  }

  /** The function of a name. */
  get(name: string): HandlerFunction | undefined {
    return this.#functions.get(name);
  }
}

// Runs inside the isolate; sent there as text (see guest-source.ts), so it uses nothing but what that file lists.
// The globals of spec servers §3.2 that the engine itself lacks.
import type { LogLevel } from '../../../tool.ts';

/** Timers of one call; a loop that sets timers must not grow the thread that waits for them. */
const TIMERS_MAX = 1000;

export interface GuestTimers {
  /** The time of a timer has come. */
  fire(id: number): void;
}

/** `console` writes to the logger of the call. */
export function installConsole(say: (level: LogLevel, parts: readonly unknown[]) => void): void {
  const at =
    (level: LogLevel) =>
    (...parts: unknown[]) =>
      say(level, parts);
  const methods = {
    debug: at('debug'),
    log: at('info'),
    info: at('info'),
    warn: at('warning'),
    error: at('error'),
  };
  Object.assign(globalThis, { console: methods });
}

/** `setTimeout` and `clearTimeout`; what is still set when a call ends never fires. */
export function installTimers(
  start: (id: number, ms: number) => void,
  stop: (id: number) => void,
): GuestTimers {
  const waiting = new Map<number, () => unknown>();
  let nextId = 1;
  const set = (callback: unknown, ms: unknown = 0, ...args: unknown[]): number => {
    if (typeof callback !== 'function') throw new TypeError('setTimeout takes a function');
    if (waiting.size >= TIMERS_MAX) throw new RangeError(`at most ${TIMERS_MAX} timers may be set at once`);
    const id = nextId++;
    waiting.set(id, () => callback(...args));
    start(id, Number(ms) || 0);
    return id;
  };
  const clear = (id: unknown): void => {
    if (waiting.delete(Number(id))) stop(Number(id));
  };
  Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
  return {
    fire(id) {
      const run = waiting.get(id);
      waiting.delete(id);
      run?.();
    },
  };
}

/**
 * `Math.random` from a seed of each call: the engine's own would begin alike in every call, since each call starts
 * from the same memory. sfc32 (Chris Doty-Humphrey, PractRand); not for secrets.
 */
export function installRandom(): (seed: readonly number[]) => void {
  let [a, b, c, d] = [0, 0, 0, 1];
  Math.random = () => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 4294967296;
  };
  return (seed) => {
    [a = 0, b = 0, c = 0] = seed;
    d = 1;
    for (let round = 0; round < 12; round++) Math.random();
  };
}

/** `new URLSearchParams` of a record or of pairs, which the engine's reads as nothing. */
export function installSearchParamsOf(): void {
  const Native = URLSearchParams;
  const Filled = function URLSearchParams(init: unknown = '') {
    const isObject = typeof init === 'object' && init !== null && !(init instanceof Native);
    const params = new Native(isObject ? '' : String(init));
    if (!isObject) return params;
    const pairs = Symbol.iterator in init ? [...(init as Iterable<unknown>)] : Object.entries(init);
    for (const pair of pairs) {
      const [name, value] = pair as readonly unknown[];
      params.append(String(name), String(value));
    }
    return params;
  };
  Filled.prototype = Native.prototype;
  Object.defineProperty(Native.prototype, 'constructor', { value: Filled });
  Object.assign(globalThis, { URLSearchParams: Filled });
}

/** `url.searchParams`, which the engine's URL lacks; changes of it change the URL. */
export function installSearchParams(): void {
  const known = new WeakMap<URL, URLSearchParams>();
  const changing = ['append', 'delete', 'set', 'sort'] as const;
  Object.defineProperty(URL.prototype, 'searchParams', {
    configurable: true,
    enumerable: true,
    get(this: URL) {
      let params = known.get(this);
      if (params === undefined) {
        const made = new URLSearchParams(this.search);
        for (const name of changing) {
          const method = made[name];
          Object.defineProperty(made, name, {
            value: (...args: unknown[]) => {
              Reflect.apply(method, made, args);
              this.search = String(made);
            },
          });
        }
        params = made;
        known.set(this, made);
      }
      return params;
    },
  });
}

/** For guest-source.ts. */
export const GLOBAL_PARTS = [
  installConsole,
  installTimers,
  installRandom,
  installSearchParamsOf,
  installSearchParams,
] as const;
/** For guest-source.ts. */
export const GLOBAL_CONSTANTS = { TIMERS_MAX } as const;

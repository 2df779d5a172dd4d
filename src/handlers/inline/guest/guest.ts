// The program that prepares an isolate and runs calls in it. It runs inside the isolate; sent there as text (see
// guest-source.ts), so it uses nothing but what that file lists. The author's code can reach what this returns
// nowhere: only the host holds it. Only text, numbers and bytes cross the border, in both directions.
import { freezeDeep, replaceUncopyable } from '../../workers/context-members.ts';
import type { CallInput, Remark } from '../../workers/messages.ts';
import { createAsks } from './asks.ts';
import { createGuestContext, type GuestChannel } from './context.ts';
import type { GuestFetchAnswer } from './fetch.ts';
import {
  installConsole,
  installRandom,
  installSearchParams,
  installSearchParamsOf,
  installTimers,
} from './globals.ts';
import {
  isOutOfMemory,
  OUT_OF_MEMORY,
  type Settlement,
  toFailure,
  toSettlement,
  UNREADABLE,
} from './settlement.ts';
import { createSignal } from './signal.ts';

/** What the host does for the isolate; functions of the engine, which the author's code never sees. */
export interface GuestHost {
  remark(json: string): void;
  ask(id: number, service: string, json: string, body: Uint8Array | undefined): void;
  settle(...settlement: Settlement): void;
  startTimer(id: number, ms: number): void;
  stopTimer(id: number): void;
}

/** What the host calls. */
export interface Guest {
  /** Takes the value of the author's program; false when it is no function. */
  prepare(handler: unknown): boolean;
  run(inputJson: string, seedJson: string): void;
  /** The answer to what was asked; `passed` is the number under which the main thread knows a refusal. */
  deliver(id: number, isAnswer: boolean, json: string, body: Uint8Array | undefined): void;
  fire(timer: number): void;
  abort(reason: string): void;
}

export function createGuest(host: GuestHost): Guest {
  let handler: ((args: unknown, context: object) => unknown) | undefined;
  const asks = createAsks(host.ask);
  const { signal, abort } = createSignal();
  const remark = (said: Remark) => host.remark(JSON.stringify(said, replaceUncopyable()));
  const channel: GuestChannel = {
    remark,
    ask: async (service, payload) => (await asks.ask(service, payload)).value,
    async fetch(asked, body) {
      const { value, body: answered } = await asks.ask('fetch', asked, body);
      return { answer: value as GuestFetchAnswer, body: answered };
    },
  };

  Reflect.deleteProperty(globalThis, 'performance');
  installConsole((level, parts) =>
    remark({ kind: 'log', level, data: parts.length === 1 ? parts[0] : parts }),
  );
  installSearchParamsOf();
  installSearchParams();
  const seed = installRandom();
  const timers = installTimers(host.startTimer, host.stopTimer);

  async function call(input: CallInput): Promise<void> {
    try {
      const value = await handler?.(freezeDeep(input.args), createGuestContext(input, channel, signal));
      host.settle(...toSettlement(value));
    } catch (error) {
      try {
        host.settle(...toFailure(error, asks.refusedBy(error)));
      } catch (second) {
        // Nothing more can be learned of it: its members throw, or there is no memory to tell of it.
        const isMemory = isOutOfMemory(error) || isOutOfMemory(second);
        host.settle('error', isMemory ? OUT_OF_MEMORY : UNREADABLE);
      }
    }
  }

  return {
    prepare(value) {
      if (typeof value !== 'function') return false;
      handler = value as typeof handler;
      return true;
    },
    run(inputJson, seedJson) {
      seed(JSON.parse(seedJson));
      void call(JSON.parse(inputJson));
    },
    deliver: asks.deliver,
    fire: timers.fire,
    abort,
  };
}

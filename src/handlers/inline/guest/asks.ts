// Runs inside the isolate; sent there as text (see guest-source.ts), so it uses nothing but what that file lists.

/** An answer of the host; `body` is empty where none came with it. */
export interface GuestAnswer {
  readonly value: never;
  readonly body: Uint8Array;
}

/** What the isolate has asked the host, and not heard about yet. */
export interface GuestAsks {
  ask(service: string, payload: unknown, body?: Uint8Array): Promise<GuestAnswer>;
  deliver(id: number, isAnswer: boolean, json: string, body: Uint8Array | undefined): void;
  /** The number of what was asked, where an error is the host's refusal of it. */
  refusedBy(error: unknown): number | undefined;
}

export function createAsks(
  send: (id: number, service: string, json: string, body: Uint8Array | undefined) => void,
): GuestAsks {
  const waiting = new Map<number, (isAnswer: boolean, value: unknown, body: Uint8Array) => void>();
  const refusals = new WeakMap<object, number>();
  let nextId = 1;
  const toRefusal = (id: number, value: unknown): Error => {
    const { name, message, code } = value as { name: string; message: string; code?: string };
    const error = Object.assign(new Error(message), { name }, code === undefined ? {} : { code });
    refusals.set(error, id);
    return error;
  };
  return {
    ask: (service, payload, body) =>
      new Promise((resolve, reject) => {
        const id = nextId++;
        waiting.set(id, (isAnswer, value, answered) => {
          if (isAnswer) resolve({ value: value as never, body: answered });
          else reject(toRefusal(id, value));
        });
        send(id, service, JSON.stringify(payload) ?? 'null', body);
      }),
    deliver(id, isAnswer, json, body) {
      const hear = waiting.get(id);
      waiting.delete(id);
      hear?.(isAnswer, JSON.parse(json), body ?? new Uint8Array());
    },
    refusedBy: (error) => (typeof error === 'object' && error !== null ? refusals.get(error) : undefined),
  };
}

/** For guest-source.ts. */
export const ASKS_PARTS = [createAsks] as const;

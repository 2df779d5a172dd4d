// Runs inside the isolate; sent there as text (see guest-source.ts), so it uses nothing but what that file lists.

/** As much of an AbortSignal as code that waits needs; the isolate has no events. */
export interface GuestSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/** A signal and the way to abort it. */
export function createSignal(): { readonly signal: GuestSignal; abort(reason: string): void } {
  const listeners = new Set<() => void>();
  const state: { reason: unknown; aborted: boolean } = { reason: undefined, aborted: false };
  const signal: GuestSignal = {
    get aborted() {
      return state.aborted;
    },
    get reason() {
      return state.reason;
    },
    throwIfAborted() {
      if (state.aborted) throw state.reason;
    },
    addEventListener(type, listener) {
      if (type === 'abort') listeners.add(listener);
    },
    removeEventListener(_type, listener) {
      listeners.delete(listener);
    },
  };
  return {
    signal: Object.freeze(signal),
    abort(reason) {
      state.aborted = true;
      state.reason = Object.assign(new Error(reason), { name: 'AbortError' });
      for (const listener of listeners) listener();
    },
  };
}

/** For guest-source.ts. */
export const SIGNAL_PARTS = [createSignal] as const;

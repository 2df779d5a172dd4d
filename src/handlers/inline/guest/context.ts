// Runs inside the isolate; sent there as text (see guest-source.ts), so it uses nothing but what that file lists.
import {
  askRoots,
  createLogger,
  createProgress,
  createSample,
  freezeDeep,
} from '../../workers/context-members.ts';
import type { CallInput, Remark, ServiceName } from '../../workers/messages.ts';
import { createGuestFetch } from './fetch.ts';
import type { GuestSignal } from './signal.ts';

/** The way from the isolate to the main thread. */
export interface GuestChannel {
  remark(remark: Remark): void;
  ask(service: ServiceName, payload: unknown): Promise<never>;
  fetch: Parameters<typeof createGuestFetch>[0];
}

/** `context` of spec servers §3.3; members that the call does not offer are absent. */
export function createGuestContext(input: CallInput, channel: GuestChannel, signal: GuestSignal): object {
  const { args: _, offers, ...plain } = input;
  const ask = (service: ServiceName, payload: unknown) => channel.ask(service, payload);
  return Object.freeze({
    ...freezeDeep(plain),
    signal,
    logger: Object.freeze(createLogger(channel)),
    requestInput: (requests: unknown) => ask('requestInput', requests),
    roots: () => askRoots(channel),
    notify: (change: Extract<Remark, { kind: 'notify' }>['change']) =>
      channel.remark({ kind: 'notify', change }),
    closeStream: () => channel.remark({ kind: 'closeStream' }),
    ...(offers.sampling ? { sample: createSample(channel) } : {}),
    ...(offers.progress ? { reportProgress: createProgress(channel) } : {}),
    ...(offers.readResource ? { readResource: (uri: unknown) => ask('readResource', { uri }) } : {}),
    ...(offers.fetch ? { fetch: createGuestFetch(channel.fetch) } : {}),
    ...(offers.secrets
      ? { secrets: Object.freeze({ get: (name: unknown) => ask('secret', { name }) }) }
      : {}),
  });
}

/** For guest-source.ts. */
export const GUEST_CONTEXT_PARTS = [createGuestContext] as const;

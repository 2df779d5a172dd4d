// What a worker and the primary say to each other about a process that the primary runs for all workers.
import type { TraceContext } from '../../call-trace.ts';
import type { JsonObject } from '../../tool.ts';
import { UpstreamError } from '../upstream-error.ts';
import type { ProcessCommand } from './process-group.ts';

/** Topics that a worker sends. */
export const TO_HOST = {
  open: 'stdio.open',
  request: 'stdio.request',
  cancel: 'stdio.cancel',
  notify: 'stdio.notify',
  close: 'stdio.close',
} as const;

/** Topics that the primary sends. */
export const TO_HOLDER = {
  event: 'stdio.event',
  heard: 'stdio.heard',
  question: 'stdio.question',
} as const;

/** Whose process it is: two upstreams of one command are two processes. */
export interface ProcessOwner {
  /** Slug. */
  readonly server: string;
  readonly upstream: string;
}

export interface OpenMessage {
  /** Names a link of one worker among its others, here and below. */
  readonly holder: number;
  readonly owner: ProcessOwner;
  readonly command: ProcessCommand;
}

export interface RequestMessage {
  readonly holder: number;
  readonly id: number;
  readonly method: string;
  readonly params: JsonObject;
  readonly timeoutMs: number;
  readonly trace?: TraceContext;
  /** Which ears the request has. */
  readonly hears: { readonly progress: boolean; readonly log: boolean; readonly ask: boolean };
}

/** Which request of a worker is meant. */
interface RequestName {
  readonly holder: number;
  readonly id: number;
}

export interface CancelMessage extends RequestName {
  /** It had no answer in time, as the worker counts it: a moment before the primary would. */
  readonly isDeadline: boolean;
}

export interface NotifyMessage {
  readonly holder: number;
  readonly method: string;
  readonly params: JsonObject;
}

export type Answer = { readonly result: JsonObject } | { readonly failure: Failure };

/** What of an UpstreamError crosses between processes. */
export interface Failure {
  readonly reason: UpstreamError['reason'];
  readonly message: string;
  readonly code?: number;
  readonly data?: JsonObject;
}

/** How the log of a worker is spoken to. */
export type LogMethod = 'debug' | 'info' | 'warn' | 'error';

export type EventMessage = { readonly holder: number } & (
  | { readonly event: 'changed'; readonly kind: 'tools' | 'prompts' | 'resources' }
  | { readonly event: 'resourceUpdated'; readonly uri: string }
  | { readonly event: 'ambiguousQuestion' }
  | { readonly event: 'noise'; readonly what: string }
  | { readonly event: 'lost'; readonly failure: Failure }
  | {
      readonly event: 'log';
      readonly level: LogMethod;
      readonly fields: JsonObject;
      readonly message: string;
    }
);

export type HeardMessage = RequestName &
  (
    | { readonly kind: 'progress'; readonly said: readonly [number, number?, string?] }
    | { readonly kind: 'log'; readonly said: JsonObject }
  );

export type QuestionMessage = RequestName & { readonly method: string; readonly params: JsonObject };

export function toFailure({ reason, message, code, data }: UpstreamError): Failure {
  return {
    reason,
    message,
    ...(code === undefined ? {} : { code }),
    ...(data === undefined ? {} : { data }),
  };
}

export function fromFailure({ reason, message, code, data }: Failure): UpstreamError {
  return new UpstreamError(reason, message, {
    ...(code === undefined ? {} : { code }),
    ...(data === undefined ? {} : { data }),
  });
}

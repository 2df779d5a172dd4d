// What passes between the main thread and a worker that runs code of an author. Shapes only.
import type { ChangeNotice, ContentItem, InputRequest, JsonObject, LogLevel, Principal } from '../../tool.ts';
import type { HandlerTarget } from './handler-target.ts';

/** What the context of a call is made of; plain data, so that it can be copied to the worker. */
export interface CallInput {
  /** The first argument of the function: the tool's arguments, or what a transform works on. */
  readonly args: unknown;
  readonly requestId: string;
  readonly sessionId?: string;
  readonly metadata: {
    readonly toolName: string;
    readonly serverName: string;
    readonly serverVersion: string;
    readonly protocolVersion: string;
    readonly tags: readonly string[];
  };
  readonly permissions: {
    readonly allowFileSystem: boolean;
    readonly allowNetwork: boolean;
    readonly allowedPaths: readonly string[];
    readonly allowedDomains: readonly string[];
  };
  readonly principal: Pick<Principal, 'type' | 'name' | 'tenantId' | 'userId' | 'roles' | 'permissions'>;
  readonly idempotencyKey?: string;
  /** What a transform of a response may know besides the body. */
  readonly response?: { readonly status: number; readonly headers: Readonly<Record<string, string>> };
  /** Which optional members the context has. */
  readonly offers: {
    readonly progress: boolean;
    readonly sampling: boolean;
    readonly readResource: boolean;
    readonly fetch: boolean;
    readonly secrets: boolean;
  };
}

/** What a handler asks of the main thread and waits for. */
export interface Services {
  readonly requestInput: {
    readonly ask: Readonly<Record<string, InputRequest>>;
    readonly answer: Readonly<Record<string, JsonObject>>;
  };
  readonly readResource: { readonly ask: { readonly uri: string }; readonly answer: unknown };
  readonly fetch: { readonly ask: FetchAsk; readonly answer: FetchAnswer };
  readonly secret: { readonly ask: { readonly name: string }; readonly answer: string };
}
export type ServiceName = keyof Services;

export interface FetchAsk {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly followRedirects: boolean;
}

export interface FetchAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly url: string;
}

/** What a handler says without waiting for an answer. */
export type Remark =
  | { readonly kind: 'log'; readonly level: LogLevel; readonly data: unknown }
  | {
      readonly kind: 'progress';
      readonly progress: number;
      readonly total: number | undefined;
      readonly message: string | undefined;
    }
  | { readonly kind: 'notify'; readonly change: ChangeNotice }
  | { readonly kind: 'closeStream' };

/** A failure on its way to the other thread. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
  /** For the log. */
  readonly stack?: string;
  /** The answer of the main thread that the handler let pass: its number. */
  readonly passed?: number;
}

export type ToWorker =
  | { readonly kind: 'load'; readonly id: number; readonly target: HandlerTarget }
  | { readonly kind: 'call'; readonly id: number; readonly target: HandlerTarget; readonly input: CallInput }
  | { readonly kind: 'abort'; readonly id: number; readonly reason: string }
  | { readonly kind: 'answer'; readonly id: number; readonly ask: number; readonly value: unknown }
  | {
      readonly kind: 'refusal';
      readonly id: number;
      readonly ask: number;
      readonly error: { readonly name: string; readonly message: string; readonly code?: string };
    };

/** Files that a worker has loaded, with their signatures (see file-signature.ts). */
export type LoadedFiles = readonly (readonly [string, string])[];

export type FromWorker =
  | { readonly kind: 'imported'; readonly files: LoadedFiles }
  /** `files` are those that the module reads, also those that were loaded before. */
  | {
      readonly kind: 'loaded';
      readonly id: number;
      readonly files: LoadedFiles;
      /** What a plugin registered. */
      readonly names?: readonly string[];
    }
  | { readonly kind: 'result'; readonly id: number; readonly json: string }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: Failure }
  | { readonly kind: 'remark'; readonly id: number; readonly remark: Remark }
  | {
      readonly kind: 'ask';
      readonly id: number;
      readonly ask: number;
      readonly service: ServiceName;
      readonly payload: unknown;
    }
  /** Something failed that no running call awaits: the worker can no longer be trusted with new ones. */
  | { readonly kind: 'stray'; readonly failure: Failure };

/** Messages for `sample`, as MCP has them. */
export interface SamplingMessage {
  readonly role: 'user' | 'assistant';
  readonly content: ContentItem | string;
}

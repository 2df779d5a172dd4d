// What carries JSON-RPC to an upstream and back: a child process, streamable HTTP, or HTTP with SSE. Shapes only.
import type { TraceContext } from '../../call-trace.ts';
import type { JsonObject } from '../../tool.ts';

/** What a caller hears while its request runs; absent members are not wanted, or not possible. */
export interface Ears {
  readonly progress?: ((progress: number, total?: number, message?: string) => void) | undefined;
  readonly log?: ((params: JsonObject) => void) | undefined;
  /** A question of the upstream to this caller; its answer goes back. */
  readonly ask?: ((method: string, params: JsonObject) => Promise<JsonObject>) | undefined;
}

export interface LinkRequest {
  readonly method: string;
  readonly params: JsonObject;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly ears?: Ears | undefined;
  /** Said in `_meta` (SEP-414), and in headers where there are some. */
  readonly trace?: TraceContext | undefined;
}

/** What comes from an upstream without having been asked for. */
export interface LinkEvents {
  readonly changed: (kind: 'tools' | 'prompts' | 'resources') => void;
  readonly resourceUpdated: (uri: string) => void;
  /** A question came that could be meant for several callers, and was refused. */
  readonly ambiguousQuestion: () => void;
  /** Something that is no MCP, told in a few words without what the upstream sent. */
  readonly noise: (what: string) => void;
  /** The link is gone; told once, never after `close`. */
  readonly lost: (error: Error) => void;
}

/** One connection, or for streamable HTTP one session. All methods reject with UpstreamError. */
export interface Link {
  request(request: LinkRequest): Promise<JsonObject>;
  notify(method: string, params: JsonObject): Promise<void>;
  close(): Promise<void>;
}

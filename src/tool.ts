// The types everything agrees on, in the words of the MCP specification. Shapes only, no behaviour.
import type { CallerContext, CallTrace } from './call-trace.ts';

/** A JSON object as parsed from the wire; never mutated after parsing. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Who calls. One object per credential and plan, so stages may cache by identity. Never holds the credential. */
export interface Principal {
  readonly type: 'key' | 'token' | 'anonymous' | 'local';
  /** Stable and safe to log: the key's id or name, the token's subject, `anonymous`, `local`. */
  readonly id: string;
  readonly name: string;
  /** Id of the tenant that the caller acts in; before the stage `tenant` the slug that the credential names. */
  readonly tenantId: string;
  /** Every tenant of the credential, `tenantId` among them; absent where that is the only one. */
  readonly tenants?: readonly string[];
  readonly userId?: string;
  readonly roles: readonly string[];
  /** Granted permissions before inheritance, such as `tools:find_orders`; entries with `!` deny. */
  readonly permissions: readonly string[];
  readonly tier?: string;
  /** The key's own limit, which replaces the default one. */
  readonly rateLimit?: WindowLimit;
}

/** At most `maxRequests` in any `window` of milliseconds; 0 forbids entirely. */
export interface WindowLimit {
  readonly window: number;
  readonly maxRequests: number;
}

/** Hints for clients (MCP: ToolAnnotations). */
export interface ToolAnnotations {
  readonly title?: string;
  readonly readOnlyHint?: boolean;
  readonly destructiveHint?: boolean;
  readonly idempotentHint?: boolean;
  readonly openWorldHint?: boolean;
}

/** What a tool is; fixed when the plan is built. */
export interface ToolSpec {
  /** As written in the definition; may contain dots. */
  readonly name: string;
  /** As listed to clients (spec servers §8: safe names, at most 64 characters). */
  readonly listedName: string;
  readonly title?: string;
  readonly description: string;
  /** JSON Schema 2020-12 of type object. */
  readonly inputSchema: JsonObject;
  readonly outputSchema?: JsonObject;
  readonly annotations: ToolAnnotations;
  /** What another server says of its tool: shown to clients where `annotations` is silent, never decided by. */
  readonly foreignHints?: ToolAnnotations;
  readonly tags: readonly string[];
  readonly meta?: JsonObject;
  /** Milliseconds until the call is ended with HANDLER_TIMEOUT_ERROR. */
  readonly timeoutMs: number;
  /** Permissions demanded besides `tools:<name>`. */
  readonly permissions: readonly string[];
  readonly rateLimit?: WindowLimit;
  /** Whether a call may or must carry a key that makes it happen once (governance §7); absent: keys mean nothing. */
  readonly idempotency?: ToolIdempotency;
  /** Whether a call may or must go on as a task; absent: it must not. */
  readonly taskSupport?: 'optional' | 'required';
}

/** How a tool knows keys. */
export interface ToolIdempotency {
  readonly mode: 'optional' | 'required';
  /** Argument that carries the key. */
  readonly argument: string;
  /** The author's own schema has the argument: it then reaches the handler like any other. */
  readonly isDeclared: boolean;
}

/** Made once when the plan is built; `run` is called for each call that passed the gate. */
export interface Tool {
  readonly spec: ToolSpec;
  run(call: Call): Promise<ToolResult>;
  /** Finds out what became of a call with a key whose end nobody saw. Absent: such a key stays refused. */
  readonly reconcile?: Reconcile;
}

/** Asked at most once at a time per key, after the call's lease has passed, so the call itself runs no more. */
export type Reconcile = (attempt: UnknownAttempt) => Promise<Reconciliation>;

/** A call with an idempotency key that began and of which no end is known; `startedAt` in epoch milliseconds. */
export interface UnknownAttempt extends Pick<Call, 'args' | 'principal' | 'requestId'> {
  readonly idempotencyKey: string;
  readonly startedAt: number;
}

/** `done`: it took effect, and this is its answer. `nothing`: it had none and may run again. */
export type Reconciliation =
  | { readonly outcome: 'done'; readonly result: ToolResult }
  | { readonly outcome: 'nothing' | 'unknown' };

/** One running operation as its handler sees it. */
export interface Call {
  /** Validated, with schema defaults filled in. */
  readonly args: JsonObject;
  readonly requestId: string;
  /** Aborts on timeout, on the client's cancellation and on drain. Created on first use. */
  readonly signal: AbortSignal;
  readonly principal: Principal;
  readonly client: ClientChannel;
  /** The caller's idempotency key, which the gate has reserved for this call. */
  readonly idempotencyKey?: string | undefined;
  /** Absent where nothing is traced and the caller named no trace. */
  readonly trace?: CallTrace | undefined;
}

/** RFC 5424 severities as MCP names them, least severe first. */
export const LOG_LEVELS = [
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
] as const;
/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What a handler may say to, or ask of, the client that called. The codec of the era decides how it travels. */
export interface ClientChannel {
  readonly protocolVersion: string;
  /** Only in the legacy era with sessions. */
  readonly sessionId?: string;
  /** Sends a log message if the client asked for that level; otherwise does nothing. */
  log(level: LogLevel, data: unknown, logger?: string): void;
  /** Absent when the request carried no progress token. `progress` must increase from call to call. */
  progress?(progress: number, total?: number, message?: string): void;
  /**
   * Asks the client for input (elicitation, sampling, roots) and resolves with one result per key.
   * Legacy: a request on the session's stream. Modern: the operation ends as `input_required` and runs
   * again from its start on the client's retry, when this resolves at once; so what comes before must be repeatable.
   * Throws QuaysideError `capability_missing` when the client did not declare what a request needs.
   */
  requestInput(
    requests: Readonly<Record<string, InputRequest>>,
  ): Promise<Readonly<Record<string, JsonObject>>>;
  /** Whether `requestInput` may be called with this method; `declared`: the client's capabilities in its own words. */
  supports(method: InputRequest['method']): boolean;
  readonly declared?: JsonObject;
  /** Ends the HTTP response stream now; a legacy client resumes it. Without effect elsewhere. */
  closeStream(): void;
  /** Tells every client that subscribed to it, of either era, that a list or a resource of this server changed. */
  notify(change: ChangeNotice): void;
}

/** What changed: one of the lists, or the content of one resource. */
export type ChangeNotice =
  | { readonly kind: 'tools' | 'prompts' | 'resources' }
  /** With `tenantId` only callers of that tenant hear of it. */
  | { readonly kind: 'resource'; readonly uri: string; readonly tenantId?: string };

/** One thing that a handler asks of the client (MCP: elicitation, sampling, roots). */
export interface InputRequest {
  readonly method: 'elicitation/create' | 'sampling/createMessage' | 'roots/list';
  readonly params?: JsonObject;
}

/** A content item of MCP: text, image, audio, resource, resource_link. */
export type ContentItem = { readonly type: string } & JsonObject;

/** What a tool answers (MCP: CallToolResult). */
export interface ToolResult {
  readonly content: readonly ContentItem[];
  readonly structuredContent?: unknown;
  readonly isError?: boolean;
  readonly _meta?: JsonObject;
}

/** One argument of a prompt (MCP: PromptArgument). */
export interface PromptArgument {
  readonly name: string;
  readonly description?: string;
  readonly required: boolean;
}

/** What a prompt is, as it is listed. */
export interface PromptSpec {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly arguments: readonly PromptArgument[];
}

/** The messages of a prompt (MCP: GetPromptResult). */
export interface PromptResult {
  readonly description?: string;
  readonly messages: readonly { readonly role: 'user' | 'assistant'; readonly content: ContentItem }[];
  readonly _meta?: JsonObject;
}

type Completions = readonly string[] | Promise<readonly string[]>;
type CompletionAsker = Pick<Call, 'principal' | 'signal' | 'trace'>;

/** Made once when the plan is built. */
export interface Prompt {
  readonly spec: PromptSpec;
  get(call: Call): Promise<PromptResult>;
  /** Values for completion/complete, most fitting first; at most 100. */
  complete?(argument: string, value: string, context: JsonObject, by: CompletionAsker): Completions;
}

/** What a resource is, as it is listed. */
export interface ResourceSpec {
  readonly uri: string;
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly mimeType?: string;
  readonly annotations?: JsonObject;
  readonly size?: number;
  readonly _meta?: JsonObject;
}

/** One piece of content: text, or base64 bytes. */
export type ResourceContent =
  | { readonly uri: string; readonly mimeType?: string; readonly text: string; readonly _meta?: JsonObject }
  | { readonly uri: string; readonly mimeType?: string; readonly blob: string; readonly _meta?: JsonObject };

/** Made once when the plan is built. */
export interface Resource {
  readonly spec: ResourceSpec;
  read(call: Call): Promise<readonly ResourceContent[]>;
  /** Calls `changed` whenever the content changes for the tenant of `by`; returns the way to stop. Absent: it never does. */
  watch?(changed: () => void, by: Pick<Call, 'principal'>): () => void;
}

/** What a resource template is, as it is listed. */
export interface ResourceTemplateSpec {
  /** RFC 6570, levels 1 to 3. */
  readonly uriTemplate: string;
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly mimeType?: string;
  readonly annotations?: JsonObject;
}

/** Made once when the plan is built. */
export interface ResourceTemplate {
  readonly spec: ResourceTemplateSpec;
  /** The variables when `uri` matches, else undefined. */
  match(uri: string): JsonObject | undefined;
  /** `call.args` holds the variables and `uri`. */
  read(call: Call): Promise<readonly ResourceContent[]>;
  watch?(changed: () => void, by: Pick<Call, 'principal'> & { readonly uri: string }): () => void;
  complete?(variable: string, value: string, context: JsonObject, by: CompletionAsker): Completions;
}

export const OPERATION_KINDS = ['tool', 'prompt', 'resource', 'list', 'route'] as const;
/** What an operation is aimed at. */
export type OperationKind = (typeof OPERATION_KINDS)[number];

/** Any one of `anyOf` together with each of `allOf` suffices. */
export interface Permission {
  readonly anyOf: readonly string[];
  readonly allOf: readonly string[];
}

/** What the operation stages of the gate see; one per call. */
export interface Operation extends CallerContext {
  readonly kind: OperationKind;
  /** Canonical tool name, prompt name, resource URI, list method, or route template. */
  readonly name: string;
  /** JSON-RPC method, or `METHOD /path` of a route. */
  readonly method: string;
  readonly permission: Permission;
  /** Frozen by contract: a stage that fills defaults replaces the reference, never the object. */
  args: JsonObject;
  readonly principal: Principal;
  /** The person that a trusted intermediary acts for (`X-User-ID`). */
  readonly onBehalfOf?: string;
  readonly requestId: string;
  readonly clientAddress: string;
  /** `User-Agent` of the HTTP request. */
  readonly userAgent?: string;
  readonly protocolVersion: string;
  readonly sessionId?: string;
  /** `performance.now()` when the request's first byte was handled. */
  readonly startedAt: number;
  /** Extra headers for the HTTP answer, such as rate limit headers. Ignored by other transports. */
  readonly answerHeaders: Record<string, string>;
  /** `_meta` of the request. */
  readonly meta?: JsonObject | undefined;
  /** Headers of the HTTP request, names in lower case. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>> | undefined;
  /** Set by the gate where the caller sent one and the tool knows keys. */
  idempotencyKey?: string | undefined;
  /** Set by the gate where the end matters to others than this caller: a cancellation then ends only the waiting. */
  runsToEnd?: boolean;
  /** Set by the gate where the call can be traced. */
  trace?: CallTrace | undefined;
  /** The place among the running calls of the server that the gate counts; whoever takes it away gives it back. */
  slot?: { end(): void } | undefined;
}

/** How an operation ended. A tool result with `isError` is a success of the operation. */
export type Outcome =
  | { readonly ok: true; readonly result: unknown }
  /** `refusedBy`: the gate's stage that did not let it in. */
  | { readonly ok: false; readonly error: Error; readonly refusedBy?: string };

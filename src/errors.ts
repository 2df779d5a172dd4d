// The one table of errors: what a caller sees, and how each era and transport says it.
// It knows no part of the product; docs/errors.md is generated from it.

/**
 * How one error is answered.
 * - `status`: HTTP status in the modern era and of REST; `legacyStatus` where the legacy era differs.
 * - `legacy`, `modern`: JSON-RPC codes. Modern application codes lie outside -32768..-32000
 *   (MCP 2026-07-28, basic: error codes); legacy ones are those of spec servers §7.
 * - `retryable`: the same request may succeed later without being changed.
 */
export interface ErrorDefinition {
  readonly message: string;
  readonly status: number;
  readonly legacyStatus?: number;
  readonly legacy: number;
  readonly modern: number;
  readonly retryable: boolean;
}

/** Every error by its code. */
export const errors = {
  parse_error: {
    message: 'The body is not valid JSON.',
    status: 400,
    legacy: -32700,
    modern: -32700,
    retryable: false,
  },
  invalid_request: {
    message: 'The body is not a JSON-RPC request.',
    status: 400,
    legacy: -32600,
    modern: -32600,
    retryable: false,
  },
  method_not_found: {
    message: 'Unknown method.',
    status: 404,
    legacyStatus: 200,
    legacy: -32601,
    modern: -32601,
    retryable: false,
  },
  invalid_params: {
    message: 'Invalid parameters.',
    status: 200,
    legacy: -32602,
    modern: -32602,
    retryable: false,
  },
  invalid_meta: {
    message: 'Required _meta entries are missing or invalid.',
    status: 400,
    legacy: -32602,
    modern: -32602,
    retryable: false,
  },
  unknown_tool: { message: 'Unknown tool.', status: 200, legacy: -32602, modern: -32602, retryable: false },
  unknown_prompt: {
    message: 'Unknown prompt.',
    status: 200,
    legacy: -32602,
    modern: -32602,
    retryable: false,
  },
  unknown_resource: {
    message: 'Resource not found.',
    status: 200,
    legacy: -32002,
    modern: -32602,
    retryable: false,
  },
  unknown_task: {
    message: 'There is no such task, or it has expired.',
    status: 200,
    legacy: -32602,
    modern: -32602,
    retryable: false,
  },
  task_required: {
    message: 'This tool runs only as a task.',
    status: 400,
    legacyStatus: 200,
    legacy: -32601,
    modern: -32021,
    retryable: false,
  },
  task_interrupted: {
    message: 'The process that ran the task ended before the task did; whether it took effect is not known.',
    status: 503,
    legacy: -32000,
    modern: 5030,
    retryable: false,
  },
  invalid_cursor: {
    message: 'Invalid cursor.',
    status: 200,
    legacy: -32602,
    modern: -32602,
    retryable: false,
  },
  header_mismatch: {
    message: 'A header contradicts the body.',
    status: 400,
    legacy: -32020,
    modern: -32020,
    retryable: false,
  },
  capability_missing: {
    message: 'The client lacks a required capability.',
    status: 400,
    legacy: -32021,
    modern: -32021,
    retryable: false,
  },
  unsupported_version: {
    message: 'Unsupported protocol version.',
    status: 400,
    legacy: -32000,
    modern: -32022,
    retryable: false,
  },
  session_required: {
    message: 'The Mcp-Session-Id header is required.',
    status: 400,
    legacy: -32000,
    modern: -32600,
    retryable: false,
  },
  session_unknown: {
    message: 'Session not found or expired; initialize again.',
    status: 404,
    legacy: -32000,
    modern: -32600,
    retryable: false,
  },
  not_acceptable: {
    message: 'The Accept header admits no form this endpoint can answer in.',
    status: 406,
    legacy: -32000,
    modern: -32600,
    retryable: false,
  },
  unsupported_media_type: {
    message: 'The Content-Type must be application/json.',
    status: 415,
    legacy: -32000,
    modern: -32600,
    retryable: false,
  },
  method_not_allowed: {
    message: 'Method not allowed.',
    status: 405,
    legacy: -32000,
    modern: -32600,
    retryable: false,
  },
  not_found: { message: 'Not found.', status: 404, legacy: -32601, modern: -32601, retryable: false },
  body_too_large: {
    message: 'The body is larger than the limit.',
    status: 413,
    legacy: -32600,
    modern: -32600,
    retryable: false,
  },
  request_timeout: {
    message: 'The request was not received in time.',
    status: 408,
    legacy: -32000,
    modern: 5030,
    retryable: true,
  },
  unauthenticated: {
    message: 'Authentication is required.',
    status: 401,
    legacy: -32001,
    modern: 4010,
    retryable: false,
  },
  host_refused: {
    message: 'Host or Origin is not allowed.',
    status: 403,
    legacy: -32002,
    modern: 4030,
    retryable: false,
  },
  tenant_refused: {
    message: 'The tenant is unknown, switched off, or not one of the credential.',
    status: 403,
    legacy: -32002,
    modern: 4030,
    retryable: false,
  },
  address_refused: { message: 'Forbidden.', status: 403, legacy: -32002, modern: 4030, retryable: false },
  forbidden: { message: 'Permission missing.', status: 403, legacy: -32002, modern: 4030, retryable: false },
  rate_limited: {
    message: 'Rate limit exceeded.',
    status: 429,
    legacy: -32003,
    modern: 4290,
    retryable: true,
  },
  limits_unavailable: {
    message: 'Rate limits cannot be counted now, and calls are refused until they can.',
    status: 503,
    legacy: -32000,
    modern: 5030,
    retryable: true,
  },
  conflict: { message: 'Conflict.', status: 409, legacy: 4090, modern: 4090, retryable: true },
  idempotency_mismatch: {
    message: 'The idempotency key was used with other arguments.',
    status: 422,
    legacy: 4220,
    modern: 4220,
    retryable: false,
  },
  idempotency_key_invalid: {
    message: 'The idempotency key cannot be read.',
    status: 400,
    legacy: -32602,
    modern: -32602,
    retryable: false,
  },
  overloaded: {
    message: 'The server is overloaded.',
    status: 503,
    legacy: -32000,
    modern: 5030,
    retryable: true,
  },
  audit_unavailable: {
    message: 'The call cannot be recorded, and is therefore not made.',
    status: 503,
    legacy: -32000,
    modern: 5030,
    retryable: true,
  },
  issuer_unavailable: {
    message: 'The issuer of the token cannot be asked now.',
    status: 503,
    legacy: -32000,
    modern: 5030,
    retryable: true,
  },
  secrets_locked: {
    message: 'There is no master key to seal secrets with.',
    status: 503,
    legacy: -32000,
    modern: 5030,
    retryable: false,
  },
  draining: {
    message: 'The server is shutting down.',
    status: 503,
    legacy: -32000,
    modern: 5030,
    retryable: true,
  },
  store_unavailable: {
    message: 'The state of the server cannot be reached now; whether a change took effect is not known.',
    status: 503,
    legacy: -32000,
    modern: 5030,
    retryable: true,
  },
  upstream_failed: {
    message: 'The upstream server failed, or cannot be reached.',
    status: 502,
    legacy: -32000,
    modern: 5030,
    retryable: true,
  },
  internal: { message: 'Internal error.', status: 500, legacy: -32603, modern: -32603, retryable: false },
} as const satisfies Record<string, ErrorDefinition>;

/** The name of a row of {@link errors}. */
export type ErrorCode = keyof typeof errors;

export interface QuaysideErrorOptions {
  /** Replaces the table's message; must be safe to show to the caller. */
  readonly message?: string;
  /** Becomes JSON-RPC `error.data`; must be safe to show to the caller. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** HTTP headers that belong to the answer, such as `Retry-After` or `WWW-Authenticate`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** An expected failure of a request: one row of {@link errors} with what this case adds. */
export class QuaysideError extends Error {
  readonly code: ErrorCode;
  readonly data: Readonly<Record<string, unknown>> | undefined;
  readonly headers: Readonly<Record<string, string>> | undefined;

  constructor(code: ErrorCode, options: QuaysideErrorOptions = {}) {
    super(
      options.message ?? errors[code].message,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.name = 'QuaysideError';
    this.code = code;
    this.data = options.data;
    this.headers = options.headers;
  }

  get definition(): ErrorDefinition {
    return errors[this.code];
  }
}

/** Codes of failures inside a handler (spec servers §3.4); delivered as a tool result with `isError`. */
export const HANDLER_ERROR_CODES = [
  'HANDLER_LOAD_ERROR',
  'HANDLER_SYNTAX_ERROR',
  'HANDLER_TIMEOUT_ERROR',
  'HANDLER_NETWORK_ERROR',
  'HANDLER_NOT_FOUND',
  'HANDLER_CONFIG_ERROR',
  'HANDLER_PERMISSION_ERROR',
  'HANDLER_EXECUTION_ERROR',
  'HANDLER_OUTPUT_ERROR',
  'HANDLER_MEMORY_ERROR',
] as const;
/** One of {@link HANDLER_ERROR_CODES}. */
export type HandlerErrorCode = (typeof HANDLER_ERROR_CODES)[number];

/**
 * A failure of a tool's handler. `message` and `details` reach the caller, `cause` only the log:
 * stacks, absolute paths, code and secrets belong in `cause`.
 */
export class HandlerError extends Error {
  readonly code: HandlerErrorCode;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(
    code: HandlerErrorCode,
    message: string,
    options: { readonly details?: Readonly<Record<string, unknown>>; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'HandlerError';
    this.code = code;
    this.details = options.details;
  }
}

/**
 * Not a failure: a handler asked the client for input in an era where that ends the operation as
 * `input_required` (MCP 2026-07-28, multi round-trip requests). Only the modern codec throws and catches it;
 * whatever runs handlers lets it pass unchanged.
 */
export class InputRequiredSignal extends Error {
  /** One entry per key; each an embedded request as the revision defines it. */
  readonly requests: Readonly<Record<string, unknown>>;

  constructor(requests: Readonly<Record<string, unknown>>) {
    super('The handler waits for input from the client.');
    this.name = 'InputRequiredSignal';
    this.requests = requests;
  }
}

// What the main thread does for a handler: everything a context offers beyond plain data.
import type { Egress } from '../../egress/egress.ts';
import { EgressError } from '../../egress/egress-error.ts';
import { HandlerError } from '../../errors.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Call, InputRequest, JsonObject, LogLevel, ResourceContent } from '../../tool.ts';
import { LOG_LEVELS } from '../../tool.ts';
import { toHandlerError } from '../http/network-failure.ts';
import type { FetchAnswer, FetchAsk, Remark, ServiceName } from './messages.ts';

/** What a context can offer only where the application provides it. */
export interface CallServiceDeps {
  readonly egress?: Egress;
  /** Reads a resource of the same server with the caller's permissions. */
  readonly readResource?: (uri: string, call: Call) => Promise<readonly ResourceContent[]>;
  /** Reads a secret that the tool's `sandbox.secrets` names; rejects with HandlerError. */
  readonly readSecret?: (name: string) => Promise<string>;
  /** Takes secrets out of log messages before they go to the client (MCP: they must not hold any). */
  readonly redact?: (data: unknown) => unknown;
}

/** Bytes of one response that a handler may fetch: what an `http` handler may at most be given. */
const RESPONSE_MAX = 10 * 1024 * 1024;
/** Milliseconds of one request; the call's own timeout usually ends it sooner. */
const FETCH_TIMEOUT_MS = 60_000;
const REDIRECTS_MAX = 3;
const FETCH_METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'] as const;
const INPUT_METHODS: readonly unknown[] = ['elicitation/create', 'sampling/createMessage', 'roots/list'];

export interface CallServices {
  remark(remark: Remark): void;
  perform(service: ServiceName, payload: unknown): Promise<unknown>;
}

export interface CallServicesOptions extends CallServiceDeps {
  readonly call: Call;
  readonly log: Log;
  readonly sandbox: {
    readonly allowNetwork: boolean;
    readonly allowedDomains: readonly string[];
    readonly secrets: readonly string[];
  };
}

export function createCallServices(options: CallServicesOptions): CallServices {
  return {
    remark: (remark) => hear(remark, options),
    perform: (service, payload) => perform(service, payload, options),
  };
}

async function perform(
  service: ServiceName,
  payload: unknown,
  options: CallServicesOptions,
): Promise<unknown> {
  switch (service) {
    case 'requestInput':
      return options.call.client.requestInput(parseInputRequests(payload));
    case 'readResource':
      return readResource(payload, options);
    case 'fetch':
      return fetchFor(parseFetchAsk(payload), options);
    case 'secret':
      return secretFor(payload, options);
  }
}

function hear(remark: Remark, { call, log, redact }: CallServicesOptions): void {
  switch (remark.kind) {
    case 'log': {
      const level = parseLevel(remark.level);
      log[LOG_METHODS[level]]({ request_id: call.requestId, level, data: remark.data }, 'handler log');
      call.client.log(level, redact === undefined ? remark.data : redact(remark.data));
      break;
    }
    case 'progress':
      if (isProgress(remark)) call.client.progress?.(remark.progress, remark.total, remark.message);
      break;
    case 'notify':
      if (isChange(remark.change)) call.client.notify(remark.change);
      break;
    case 'closeStream':
      call.client.closeStream();
  }
}

/** Severities of the protocol on the four levels of the log. */
const LOG_METHODS = {
  debug: 'debug',
  info: 'info',
  notice: 'info',
  warning: 'warn',
  error: 'error',
  critical: 'error',
  alert: 'error',
  emergency: 'error',
} as const satisfies Record<LogLevel, keyof Omit<Log, 'child'>>;

async function readResource(
  payload: unknown,
  { readResource: read, call }: CallServicesOptions,
): Promise<unknown> {
  const uri = isRecord(payload) ? payload.uri : undefined;
  if (typeof uri !== 'string')
    throw new HandlerError('HANDLER_EXECUTION_ERROR', 'readResource takes the URI as a string.');
  if (read === undefined) throw new HandlerError('HANDLER_CONFIG_ERROR', 'Resources cannot be read here.');
  return read(uri, call);
}

async function secretFor(payload: unknown, { readSecret, sandbox }: CallServicesOptions): Promise<unknown> {
  const name = isRecord(payload) ? payload.name : undefined;
  if (typeof name !== 'string')
    throw new HandlerError('HANDLER_EXECUTION_ERROR', 'secrets.get takes the name as a string.');
  if (readSecret === undefined || !sandbox.secrets.includes(name)) {
    throw new HandlerError(
      'HANDLER_PERMISSION_ERROR',
      'This tool may not read that secret; name it in sandbox.secrets.',
    );
  }
  return readSecret(name);
}

async function fetchFor(ask: FetchAsk, { egress, sandbox, call }: CallServicesOptions): Promise<FetchAnswer> {
  if (egress === undefined || !sandbox.allowNetwork) {
    throw new HandlerError(
      'HANDLER_PERMISSION_ERROR',
      'This tool may not use the network; set sandbox.allowNetwork.',
    );
  }
  const method = FETCH_METHODS.find((known) => known === ask.method);
  if (method === undefined)
    throw new HandlerError('HANDLER_CONFIG_ERROR', `fetch does not support ${ask.method}.`);
  try {
    const { status, headers, body, url } = await egress.fetch({
      url: ask.url,
      method,
      headers: ask.headers,
      ...(ask.body === undefined ? {} : { body: ask.body }),
      timeoutMs: FETCH_TIMEOUT_MS,
      maxBytes: RESPONSE_MAX,
      followRedirects: ask.followRedirects ? REDIRECTS_MAX : 0,
      purpose: 'handler-fetch',
      allowedDomains: sandbox.allowedDomains,
      signal: call.signal,
      trace: call.trace,
    });
    return { status, headers: { ...headers }, body, url };
  } catch (error) {
    if (error instanceof EgressError) throw toHandlerError(error, call.signal);
    throw error;
  }
}

function parseLevel(level: unknown): LogLevel {
  return LOG_LEVELS.find((known) => known === level) ?? 'info';
}

function parseInputRequests(payload: unknown): Readonly<Record<string, InputRequest>> {
  const isValid =
    isRecord(payload) &&
    Object.values(payload).every((request) => isRecord(request) && INPUT_METHODS.includes(request.method));
  if (!isValid) {
    throw new HandlerError(
      'HANDLER_EXECUTION_ERROR',
      `requestInput takes an object of requests, each with a method of ${INPUT_METHODS.join(', ')}.`,
    );
  }
  return payload as Readonly<Record<string, InputRequest>>;
}

function parseFetchAsk(payload: unknown): FetchAsk {
  const isValid =
    isRecord(payload) &&
    typeof payload.url === 'string' &&
    typeof payload.method === 'string' &&
    isRecord(payload.headers) &&
    Object.values(payload.headers).every((value) => typeof value === 'string') &&
    (payload.body === undefined || payload.body instanceof Uint8Array);
  if (!isValid) {
    throw new HandlerError(
      'HANDLER_EXECUTION_ERROR',
      'fetch takes a URL, and method, headers and body as text or bytes.',
    );
  }
  return payload as unknown as FetchAsk;
}

/** Code in an isolate may have said anything. */
function isProgress({ progress, total, message }: Remark & { kind: 'progress' }): boolean {
  return (
    typeof progress === 'number' &&
    (total === undefined || typeof total === 'number') &&
    (message === undefined || typeof message === 'string')
  );
}

function isChange(change: unknown): boolean {
  if (!isRecord(change)) return false;
  if (change.kind === 'resource') return typeof change.uri === 'string';
  return change.kind === 'tools' || change.kind === 'prompts' || change.kind === 'resources';
}

function isRecord(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// An http handler prepared as a plan would, and a call of it.
import type { HttpHandler } from '../../src/definition/schema/handler.ts';
import { createEgress, type Egress } from '../../src/egress/egress.ts';
import type { RetryClock } from '../../src/egress/retry.ts';
import type { HandlerContext, PreparedHandler } from '../../src/handlers/handler.ts';
import { createHttpHandler } from '../../src/handlers/http/http-handler.ts';
import { createRedactor } from '../../src/telemetry/redact.ts';
import type { Call, JsonObject } from '../../src/tool.ts';
import { createRecordingLog } from './local-server.ts';

/** A client that opens nothing beyond the literal hosts of trusted handlers. */
export function createTestEgress(allow = ''): Egress {
  return createEgress({ allow, log: createRecordingLog().log });
}

/** The handler as loading would deliver it: every default filled in. */
export function httpHandler(keys: Partial<HttpHandler> & Pick<HttpHandler, 'url'>): HttpHandler {
  return {
    type: 'http',
    method: 'GET',
    headers: {},
    query: {},
    timeout: 5000,
    retries: 0,
    maxResponseSize: '1mb',
    followRedirects: 3,
    appendArgs: true,
    ...keys,
  };
}

export interface ToolOptions {
  readonly egress: Egress;
  readonly clock?: RetryClock;
  readonly context?: Partial<HandlerContext>;
}

/** Throws HandlerError as loading a definition with this handler would. */
export function prepareHttpTool(
  keys: Partial<HttpHandler> & Pick<HttpHandler, 'url'>,
  options: ToolOptions,
): PreparedHandler {
  const redactor = createRedactor();
  const factory = createHttpHandler({
    egress: options.egress,
    redactText: (text) => redactor.text(text),
    ...(options.clock === undefined ? {} : { clock: options.clock }),
  });
  const prepared = factory(httpHandler(keys), {
    serverSlug: 'test',
    serverName: 'test',
    serverVersion: '1.0.0',
    toolName: 'tool',
    tags: [],
    baseDirectory: '/',
    trusted: true,
    sandbox: undefined,
    inputSchema: { type: 'object' },
    log: createRecordingLog().log,
    ...options.context,
  });
  if (prepared instanceof Promise) throw new Error('The http handler prepares at once.');
  return prepared;
}

/** A call with these arguments by an anonymous principal. */
export function callWith(args: JsonObject, signal: AbortSignal = new AbortController().signal): Call {
  return {
    args,
    requestId: 'request-1',
    signal,
    principal: {
      type: 'anonymous',
      id: 'anonymous',
      name: 'anonymous',
      tenantId: 'default',
      roles: [],
      permissions: [],
    },
    client: {
      protocolVersion: '2026-07-28',
      log: () => undefined,
      requestInput: () => Promise.reject(new Error('not asked')),
      supports: () => false,
      notify: () => undefined,
      closeStream: () => undefined,
    },
  };
}

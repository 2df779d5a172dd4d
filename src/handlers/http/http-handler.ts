// Handler kind `http`: one request per call through the outbound client (spec servers §3.6).
import type { HttpHandler } from '../../definition/schema/handler.ts';
import { sizeBytes } from '../../definition/size.ts';
import { matchesDomain, withPort } from '../../egress/allow-list.ts';
import type { Egress, EgressRequest, EgressResponse } from '../../egress/egress.ts';
import { EgressError } from '../../egress/egress-error.ts';
import {
  isIdempotentMethod,
  isRetryableStatus,
  type RetryClock,
  retryWaitMs,
  systemRetryClock,
} from '../../egress/retry.ts';
import { HandlerError } from '../../errors.ts';
import type { Call, ToolResult } from '../../tool.ts';
import type { HandlerContext, HandlerFactory, PreparedHandler } from '../handler.ts';
import type { AuthorCodeDeps } from '../inline/author-code.ts';
import { ArgumentRefusal, toRefusalResult } from './argument-refusal.ts';
import { createExcerptRedactor } from './excerpt-redactor.ts';
import { toHandlerError } from './network-failure.ts';
import { compileRequest, type RenderedRequest, type RequestTemplate } from './request-template.ts';
import { excerptOf, toResult } from './response.ts';
import { configError } from './template.ts';
import { prepareTransforms, type Transforms } from './transforms.ts';

export interface HttpHandlerDeps {
  readonly egress: Egress;
  /** Takes secrets out of text that a caller will see. */
  readonly redactText: (text: string) => string;
  /** What transforms run by; a handler that has some is refused without. */
  readonly code?: Pick<AuthorCodeDeps, 'pool' | 'redact' | 'maxResultBytes'>;
  /** Default: the system's clock and `Math.random`. */
  readonly clock?: RetryClock;
}

/** Makes the factory of `http` handlers; templates are compiled when a handler is prepared. */
export function createHttpHandler(deps: HttpHandlerDeps): HandlerFactory<HttpHandler> {
  return (handler, context) => {
    const prepared = prepare(handler, context, deps);
    if (handler.requestTransform === undefined && handler.responseTransform === undefined)
      return toHandler(prepared, {});
    return prepareTransforms(handler, context, deps.code).then((transforms) =>
      toHandler(prepared, transforms),
    );
  };
}

function toHandler(prepared: Prepared, transforms: Transforms): PreparedHandler {
  return {
    run: (call) => run(prepared, transforms, call),
    timeoutMs: prepared.handler.timeout,
    annotations: httpHints(prepared.handler),
    saysNothing,
  };
}

/** RFC 9110 §15.5.5 and §15.5.11: there is none, or none any more. An empty list is an answer to a search. */
function saysNothing(answer: ToolResult | HandlerError): boolean {
  if (answer instanceof HandlerError) return [404, 410].includes(Number(answer.details?.status));
  const { content, structuredContent } = answer;
  return content.length === 0 || (Array.isArray(structuredContent) && structuredContent.length === 0);
}

/** What follows from the method. */
export function httpHints({
  method,
}: Pick<HttpHandler, 'method'>): NonNullable<PreparedHandler['annotations']> {
  const isRead = method === 'GET' || method === 'HEAD';
  return { ...(isRead ? { readOnlyHint: true } : {}), openWorldHint: true };
}

/** Everything about one handler that holds for all its calls. */
interface Prepared {
  readonly handler: HttpHandler;
  readonly request: RequestTemplate;
  readonly egress: Egress;
  readonly clock: RetryClock;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** 0 where a repeated request could act twice. */
  readonly retries: number;
  readonly allowedHosts: readonly string[];
  readonly allowedDomains: readonly string[];
  readonly redact: (text: string) => string;
}

function prepare(handler: HttpHandler, context: HandlerContext, deps: HttpHandlerDeps): Prepared {
  const appendArgs = handler.appendArgs && context.looksAfter === undefined;
  const request = compileRequest({ ...handler, appendArgs }, context.inputSchema);
  const { hostname, port } = request.target;
  const allowedDomains = context.sandbox?.allowedDomains ?? [];
  if (allowedDomains.length > 0 && !matchesDomain(hostname, port, allowedDomains)) {
    throw configError(
      'url',
      `leads to ${hostname}, which sandbox.allowedDomains does not list`,
      'add it there',
    );
  }
  const mayRepeat = isIdempotentMethod(handler.method) || context.annotations?.idempotentHint === true;
  return {
    handler,
    request,
    egress: deps.egress,
    clock: deps.clock ?? systemRetryClock,
    timeoutMs: context.toolTimeoutMs ?? handler.timeout,
    maxBytes: sizeBytes(handler.maxResponseSize),
    retries: mayRepeat ? handler.retries : 0,
    // The host stands literally in the file, so a trusted one may name a private place (ruling "Egress").
    allowedHosts: context.trusted ? [withPort(hostname, port)] : [],
    allowedDomains,
    redact: createExcerptRedactor(handler.headers, deps.redactText),
  };
}

async function run(prepared: Prepared, transforms: Transforms, call: Call): Promise<ToolResult> {
  try {
    const rendered = prepared.request.render(call.args, await transforms.toParts?.(call));
    const response = await sendWithRetries(prepared, rendered, call);
    if (!isExpected(prepared.handler, response.status)) throw unexpectedStatus(prepared, response);
    if (transforms.toResult !== undefined) return await transforms.toResult(call, response);
    return toResult(prepared.handler.method, response);
  } catch (error) {
    if (error instanceof ArgumentRefusal) return toRefusalResult(error, prepared.redact);
    throw error instanceof EgressError ? toHandlerError(error, call.signal) : error;
  }
}

/** The last response or failure when there is nothing more to try, or no time left to try it in. */
async function sendWithRetries(
  prepared: Prepared,
  rendered: RenderedRequest,
  call: Pick<Call, 'signal' | 'trace'>,
): Promise<EgressResponse> {
  const { clock } = prepared;
  const endsAt = clock.now() + prepared.timeoutMs;
  let resends = 0;
  for (let retry = 0; ; retry++) {
    const outcome = await attempt(prepared, rendered, {
      timeoutMs: endsAt - clock.now(),
      signal: call.signal,
      trace: call.trace,
      resends,
    });
    if (retry >= prepared.retries || !mayRetry(prepared.handler, outcome)) return settle(outcome);
    const answered = outcome instanceof EgressError ? undefined : outcome;
    resends += 1 + (answered?.redirects ?? 0);
    const waitMs = retryWaitMs(retry, answered?.headers['retry-after'], clock);
    if (clock.now() + waitMs >= endsAt) return settle(outcome);
    await pause(clock, waitMs, call.signal);
  }
}

async function attempt(
  prepared: Prepared,
  rendered: RenderedRequest,
  own: Pick<EgressRequest, 'timeoutMs' | 'trace' | 'resends'> & { readonly signal: AbortSignal },
): Promise<EgressResponse | EgressError> {
  const { handler } = prepared;
  try {
    return await prepared.egress.fetch({
      url: rendered.url,
      method: handler.method,
      headers: rendered.headers,
      ...(rendered.body === undefined ? {} : { body: rendered.body }),
      maxBytes: prepared.maxBytes,
      followRedirects: handler.followRedirects,
      purpose: 'http-handler',
      allowedHosts: prepared.allowedHosts,
      allowedDomains: prepared.allowedDomains,
      ...own,
    });
  } catch (error) {
    if (error instanceof EgressError) return error;
    throw error;
  }
}

function mayRetry(handler: HttpHandler, outcome: EgressResponse | EgressError): boolean {
  if (outcome instanceof EgressError) return outcome.isConnectionFailure;
  return isRetryableStatus(outcome.status) && !isExpected(handler, outcome.status);
}

function settle(outcome: EgressResponse | EgressError): EgressResponse {
  if (outcome instanceof EgressError) throw outcome;
  return outcome;
}

async function pause(clock: RetryClock, waitMs: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(waitMs, signal);
  } catch (error) {
    throw new EgressError('aborted', 'The caller gave up while waiting for a retry.', error);
  }
}

function isExpected(handler: HttpHandler, status: number): boolean {
  return handler.expect === undefined ? status >= 200 && status < 300 : handler.expect.includes(status);
}

function unexpectedStatus(prepared: Prepared, response: EgressResponse): HandlerError {
  const { status } = response;
  const body = prepared.redact(excerptOf(response));
  return new HandlerError('HANDLER_NETWORK_ERROR', `The service answered with status ${status}.`, {
    details: { status, ...(body === '' ? {} : { body }) },
  });
}

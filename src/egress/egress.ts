// The one outbound HTTP client. Every request of the product to another host passes here: each hop is parsed,
// resolved once, judged, and connected to the very addresses that were judged.
import type { Readable } from 'node:stream';
import type { CallTrace } from '../call-trace.ts';
import type { Log } from '../telemetry/log.ts';
import type { Address } from './address.ts';
import { type AllowList, literalAllowList, parseAllowList } from './allow-list.ts';
import { type ConnectionPools, createConnectionPools } from './connection-pools.ts';
import { Deadline } from './deadline.ts';
import { bodyUnder } from './deadline-body.ts';
import { EgressError, type EgressReason, toEgressError } from './egress-error.ts';
import { toWireFields } from './header-fields.ts';
import { assertAddressesAllowed, assertHostAllowed } from './judgement.ts';
import { type EgressMethod, followRedirect, type Hop, isRedirect } from './redirect.ts';
import { tracedHop } from './request-span.ts';
import { createResolver, type ResolveHost, type Resolver } from './resolver.ts';
import { ACCEPTED_ENCODINGS, collectBody, discardBody } from './response-body.ts';
import { parseTarget, type Target } from './target.ts';

/** One request to another host. */
export interface EgressRequest {
  /** Absolute http or https URL without user name and password. */
  readonly url: string;
  readonly method: EgressMethod;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Milliseconds over everything: DNS, connections, redirects and the whole body. */
  readonly timeoutMs: number;
  /** Bytes of the body, on the wire and decoded each. */
  readonly maxBytes: number;
  /** Redirects that are followed; at 0 the redirect itself is the response. Default 0. */
  readonly followRedirects?: number;
  /** Who asks, for logs and metrics: `http-handler`, `jwks`, `webhook` ... */
  readonly purpose: string;
  /** `host:port` pairs that may be private because they stand literally in a trusted file. */
  readonly allowedHosts?: readonly string[];
  /** When given and not empty, only these hosts (or `*.domain`) are reached, also by redirects. */
  readonly allowedDomains?: readonly string[];
  readonly signal?: AbortSignal;
  /** Of the call on whose behalf is asked: each request is a span below it, and the host hears of that. */
  readonly trace?: CallTrace | undefined;
  /** How often the same was asked before. Default 0. */
  readonly resends?: number;
}

interface EgressHead {
  readonly status: number;
  /** Names in lower case; repeated fields joined with a comma. No prototype. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of the last hop. */
  readonly url: string;
  /** How many redirects were followed. */
  readonly redirects: number;
}

/** A response with its whole body. */
export interface EgressResponse extends EgressHead {
  readonly body: Buffer;
}

/** A response whose body is read by the caller. */
export interface EgressStream extends EgressHead {
  /** Must be read to its end or left early (`break`, `return()`); bounded like the body of `fetch`. */
  readonly body: AsyncGenerator<Buffer, void, undefined>;
}

/** What one request came to; for metrics. */
export interface EgressObservation {
  readonly purpose: string;
  readonly status?: number;
  readonly reason?: EgressReason;
  /** Until the headers of the final response, or the failure. */
  readonly durationMs: number;
}

export interface EgressOptions {
  /** `QUAYSIDE_EGRESS_ALLOW`; empty opens nothing. */
  readonly allow: string;
  readonly log: Log;
  readonly observe?: (observation: EgressObservation) => void;
  /** Replaces the system's resolver. */
  readonly resolveHost?: ResolveHost;
  /** Milliseconds that an answer of the resolver is kept; default 5000, 0 keeps none. */
  readonly dnsTtlMs?: number;
}

/** A target that was judged, for a program that connects by itself: it must use these addresses and no others. */
export interface JudgedTarget {
  readonly hostname: string;
  readonly port: number;
  /** At least one; none of them is refused. */
  readonly addresses: readonly string[];
}

/** All methods throw EgressError and nothing else. */
export interface Egress {
  /**
   * Says where a URL leads, and that it may be reached, without reaching it. For programs that cannot send their
   * requests through this client, such as git.
   */
  judge(request: Pick<EgressRequest, 'url' | 'timeoutMs' | 'purpose' | 'signal'>): Promise<JudgedTarget>;
  fetch(request: EgressRequest): Promise<EgressResponse>;
  /** As `fetch`, but the body is read by the caller, under the same deadline. */
  stream(request: EgressRequest): Promise<EgressStream>;
  /** Refuses new requests, waits for those in flight and ends all connections. */
  close(): Promise<void>;
}

/** Long enough to serve a burst of calls with one lookup, short enough to follow a moving service. */
const DNS_TTL_MS = 5000;

/** Throws EgressError `config` when `allow` cannot be read. Opens and loads nothing until the first request. */
export function createEgress(options: EgressOptions): Egress {
  const client: Client = {
    allow: parseAllowList(options.allow),
    resolver: createResolver({
      ...(options.resolveHost === undefined ? {} : { resolveHost: options.resolveHost }),
      ttlMs: options.dnsTtlMs ?? DNS_TTL_MS,
    }),
    log: options.log,
    observe: options.observe,
    pools: undefined,
    closed: false,
  };
  return {
    judge: (request) => judgeTarget(client, request),
    stream: (request) => openStream(client, request),
    async fetch(request) {
      const response = await openStream(client, request);
      return { ...response, body: await collectBody(response.body) };
    },
    async close() {
      client.closed = true;
      await (await client.pools)?.close();
    },
  };
}

interface Client {
  readonly allow: AllowList;
  readonly resolver: Resolver;
  readonly log: Log;
  readonly observe: EgressOptions['observe'];
  pools: Promise<ConnectionPools> | undefined;
  closed: boolean;
}

/** What holds for every hop of one request. */
interface Passage {
  readonly request: EgressRequest;
  readonly deadline: Deadline;
  readonly allowLists: readonly AllowList[];
}

async function judgeTarget(client: Client, request: Parameters<Egress['judge']>[0]): Promise<JudgedTarget> {
  const deadline = new Deadline(request.timeoutMs, request.signal);
  const startedAt = performance.now();
  try {
    if (client.closed) throw new EgressError('closed', 'The outbound client is closed.');
    const target = parseTarget(request.url);
    const addresses = await judged(client, target, { deadline, allowLists: [client.allow] });
    return {
      hostname: target.hostname,
      port: target.port,
      addresses: addresses.map(({ text }) => text),
    };
  } catch (error) {
    const failure = deadline.failure ?? toEgressError(error);
    report(client, request, startedAt, { reason: failure.reason });
    throw failure;
  } finally {
    deadline.end();
  }
}

async function openStream(client: Client, request: EgressRequest): Promise<EgressStream> {
  const startedAt = performance.now();
  const deadline = new Deadline(request.timeoutMs, request.signal);
  const allowLists =
    request.allowedHosts === undefined
      ? [client.allow]
      : [client.allow, literalAllowList(request.allowedHosts)];
  try {
    const { source, ...head } = await followHops(client, { request, deadline, allowLists });
    report(client, request, startedAt, { status: head.status });
    const isEmpty = request.method === 'HEAD' || head.status === 204 || head.status === 304;
    const body = {
      encoding: isEmpty ? undefined : head.headers['content-encoding'],
      contentLength: isEmpty ? undefined : head.headers['content-length'],
      maxBytes: request.maxBytes,
    };
    return { ...head, body: bodyUnder(deadline, source, body) };
  } catch (error) {
    deadline.end();
    const failure = deadline.failure ?? toEgressError(error);
    report(client, request, startedAt, { reason: failure.reason });
    logFailure(client.log, request, failure);
    throw failure;
  }
}

async function followHops(client: Client, passage: Passage): Promise<EgressHead & { source: Readable }> {
  const { request, deadline } = passage;
  const { followRedirects: limit = 0, trace, resends = 0 } = request;
  let hop = firstHop(request);
  let origin: string | undefined;
  for (let redirects = 0; ; redirects++) {
    const target = parseTarget(hop.url);
    origin ??= target.url.origin;
    const isTold = target.url.origin === origin;
    const response = await tracedHop(
      { trace, hop, target, resends: resends + redirects, isTold },
      (headers) => sendHop(client, passage, { ...hop, headers }, target),
    );
    const headers = joinFields(response.headers);
    const location = headers.location;
    if (limit === 0 || !isRedirect(response.statusCode, location)) {
      return { status: response.statusCode, headers, url: target.url.href, redirects, source: response.body };
    }
    await deadline.race(discardBody(response.body));
    if (redirects === limit) throw new EgressError('redirect', `More than ${limit} redirects.`);
    hop = followRedirect(hop, target.url, response.statusCode, location);
  }
}

function firstHop(request: EgressRequest): Hop {
  const fields = toWireFields(request.headers ?? {});
  fields['accept-encoding'] ??= ACCEPTED_ENCODINGS;
  fields['user-agent'] ??= 'Quayside';
  return { url: request.url, method: request.method, headers: fields, body: request.body };
}

async function sendHop(client: Client, passage: Passage, hop: Hop, target: Target) {
  const { deadline } = passage;
  if (client.closed) throw new EgressError('closed', 'The outbound client is closed.');
  const addresses = await judged(client, target, passage, passage.request.allowedDomains);
  client.pools ??= createConnectionPools();
  const pools = await client.pools;
  deadline.throwIfOver();
  return pools.send(target, addresses, {
    method: hop.method,
    headers: { ...hop.headers },
    body: hop.body,
    signal: deadline.signal,
  });
}

/** The addresses of a target, resolved once; throws when it or one of them is refused. */
async function judged(
  client: Client,
  target: Target,
  { deadline, allowLists }: Pick<Passage, 'deadline' | 'allowLists'>,
  allowedDomains?: readonly string[],
): Promise<readonly Address[]> {
  assertHostAllowed(target, allowLists, allowedDomains);
  const addresses =
    target.address === undefined
      ? await deadline.race(client.resolver.resolve(target.hostname))
      : [target.address];
  assertAddressesAllowed(target, addresses, allowLists);
  return addresses;
}

function joinFields(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string> {
  const fields: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) fields[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return fields;
}

function report(
  client: Client,
  request: Pick<EgressRequest, 'purpose'>,
  startedAt: number,
  end: { readonly status: number } | { readonly reason: EgressReason },
): void {
  client.observe?.({ purpose: request.purpose, durationMs: performance.now() - startedAt, ...end });
}

/** Refusals are what an operator must see; other failures belong to the caller's own log. */
function logFailure(log: Log, request: EgressRequest, failure: EgressError): void {
  const fields = { purpose: request.purpose, reason: failure.reason, detail: failure.message };
  if (failure.reason === 'refused_address' || failure.reason === 'refused_domain') {
    log.warn(fields, 'Outbound request refused.');
  } else {
    log.debug(fields, 'Outbound request failed.');
  }
}

// Keep-alive connections, one pool per origin and set of checked addresses, so that no request can ride on a
// connection to an address that was not checked for it.
import type { LookupFunction } from 'node:net';
import { LRUCache } from 'lru-cache';
import type { Dispatcher, Pool } from 'undici';
import type { Address } from './address.ts';
import type { EgressMethod } from './redirect.ts';
import type { Target } from './target.ts';

/** Connections to one origin; further requests wait, within their deadline. */
const CONNECTIONS_PER_POOL = 32;
/** Origins with open connections; the longest unused is closed first. */
const MAX_POOLS = 64;
/** Shorter than the idle time of common servers (5 s), so a reused connection is rarely one being closed. */
const IDLE_MS = 4000;
/** However long a server offers to keep a connection, its address is looked at anew after this. */
const MAX_IDLE_MS = 60_000;
/** Bounds the attempts that outlive the request they were made for; the request has its own deadline. */
const CONNECT_TIMEOUT_MS = 10_000;

type PoolConstructor = typeof Pool;
type SendRequest = (this: Dispatcher, options: Dispatcher.RequestOptions) => Promise<Dispatcher.ResponseData>;

export interface ConnectionPools {
  send(
    target: Target,
    addresses: readonly Address[],
    request: PooledRequest,
  ): Promise<Dispatcher.ResponseData>;
  /** Ends idle connections at once and waits for the requests in flight. */
  close(): Promise<void>;
}

export interface PooledRequest {
  readonly method: EgressMethod;
  readonly headers: Record<string, string>;
  readonly body: string | Uint8Array | undefined;
  readonly signal: AbortSignal;
}

/** Loads the client library; done at the first request, because an idle server should not carry it. */
export async function createConnectionPools(): Promise<ConnectionPools> {
  const { PinnedPool, send } = await loadClient();
  const closing = new Set<Promise<void>>();
  const pools = new LRUCache<string, Pool>({
    max: MAX_POOLS,
    dispose: (pool) => {
      // A pool refuses to close only when it is closed already.
      const closed = pool.close().then(forget, forget);
      closing.add(closed);
      function forget(): void {
        closing.delete(closed);
      }
    },
  });
  return {
    send(target, addresses, request) {
      const key = `${target.url.origin} ${addresses
        .map((address) => address.text)
        .sort()
        .join(' ')}`;
      let pool = pools.get(key);
      if (pool === undefined) {
        pool = new PinnedPool(target.url.origin, poolOptions(addresses));
        pools.set(key, pool);
      }
      const path = `${target.url.pathname}${target.url.search}`;
      return send.call(pool, { ...request, body: request.body ?? null, path });
    },
    async close() {
      pools.clear();
      await Promise.all(closing);
    },
  };
}

function poolOptions(addresses: readonly Address[]): Pool.Options {
  return {
    connections: CONNECTIONS_PER_POOL,
    pipelining: 1,
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: MAX_IDLE_MS,
    // The deadline of the request is the one clock; it also covers what these would.
    headersTimeout: 0,
    bodyTimeout: 0,
    allowH2: false,
    connect: { lookup: pinnedLookup(addresses), timeout: CONNECT_TIMEOUT_MS },
  };
}

/** Answers every lookup of the socket with the addresses that were checked. */
function pinnedLookup(addresses: readonly Address[]): LookupFunction {
  const answers = addresses.map(({ text, family }) => ({ address: text, family }));
  const first = answers[0];
  return (_hostname, options, callback) => {
    if (options.all === true) callback(null, answers);
    else callback(null, first?.address ?? '', first?.family);
  };
}

/**
 * The two modules of undici that are needed, by their files: its index also loads fetch, WebSocket, caches and
 * mocks, 11 MB more of resident memory. A test holds these files to their shape.
 */
const POOL_MODULE = 'undici/lib/dispatcher/pool.js';
const REQUEST_MODULE = 'undici/lib/api/api-request.js';

async function loadClient(): Promise<{ PinnedPool: PoolConstructor; send: SendRequest }> {
  const [pool, request] = await Promise.all([import(POOL_MODULE), import(REQUEST_MODULE)]);
  return { PinnedPool: parsePoolModule(pool), send: parseRequestModule(request) };
}

function parsePoolModule(module: { readonly default?: unknown }): PoolConstructor {
  if (typeof module.default !== 'function') throw new TypeError(`${POOL_MODULE} does not export a class.`);
  return module.default as PoolConstructor;
}

function parseRequestModule(module: { readonly default?: unknown }): SendRequest {
  if (typeof module.default !== 'function')
    throw new TypeError(`${REQUEST_MODULE} does not export a function.`);
  return module.default as SendRequest;
}

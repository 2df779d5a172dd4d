// Finds out how an upstream is spoken to, and remembers it: which transport, which era.
import type { Clock } from '../../clock.ts';
import type { HeaderParameter } from '../../definition/header-parameters.ts';
import type { Log } from '../../telemetry/log.ts';
import type { JsonObject } from '../../tool.ts';
import { discard, type Endpoint } from '../http/endpoint.ts';
import { mirrorHeaders } from '../http/mirror-headers.ts';
import { openSseLink } from '../http/sse-link.ts';
import { StreamableLink } from '../http/streamable-link.ts';
import { MODERN_REVISION } from '../revisions.ts';
import type { Link, LinkEvents } from '../rpc/link.ts';
import type { OpenProcess } from '../stdio/hosted-link.ts';
import type { ProcessCommand } from '../stdio/process-group.ts';
import { StdioLink } from '../stdio/stdio-link.ts';
import { UpstreamError } from '../upstream-error.ts';
import { openLegacySession } from './legacy-session.ts';
import { keepListening } from './listening.ts';
import { createModernSession, discover } from './modern-session.ts';
import type { ClientIdentity, Session } from './session.ts';

/** Where an upstream is. */
export type Place =
  | {
      readonly kind: 'stdio';
      readonly command: ProcessCommand;
      /** Where the process is somebody else's; absent: this process starts its own. */
      readonly openProcess?: OpenProcess | undefined;
    }
  | {
      readonly kind: 'http';
      readonly endpoint: Endpoint;
      readonly transport: 'auto' | 'http' | 'sse';
      /** Where each caller has an authorization of its own; without a caller, what reads lists. */
      readonly endpointFor?: (caller: string | undefined) => Endpoint;
    };

export interface DialOptions {
  readonly place: Place;
  readonly client: ClientIdentity;
  readonly timeoutMs: number;
  /** Whether the upstream may ask for roots. */
  readonly roots: boolean;
  readonly log: Log;
  readonly clock: Clock;
  /** What the upstream's tools want to be told in headers, by their own names. */
  readonly headerParameters: (tool: string) => readonly HeaderParameter[];
}

/** Opens sessions to one upstream. What was found out holds until opening fails. */
export interface Dialer {
  /** Rejects with UpstreamError, also when `signal` aborts, and then leaves nothing open. `caller`: whose it is. */
  open(events: LinkEvents, signal: AbortSignal, caller?: string): Promise<Session>;
}

/** A legacy server may never answer what it does not know; it must not take the whole deadline. */
const PROBE_TIMEOUT_MS = 3000;
/** DELETE of a session: polite, and nothing depends on it. */
const END_TIMEOUT_MS = 2000;

type Manner = 'modern' | 'legacy' | 'sse';

export function createDialer(options: DialOptions): Dialer {
  const { place } = options;
  let known: Manner | undefined = place.kind === 'http' && place.transport === 'sse' ? 'sse' : undefined;
  return {
    async open(events, signal, caller) {
      const attempt = beginAttempt(events, signal);
      try {
        const [manner, session] =
          place.kind === 'stdio'
            ? await openStdio(options, place, attempt, known)
            : await openHttp(options, authorized(place, caller), attempt, known);
        known = manner;
        return session;
      } catch (error) {
        if (place.kind === 'stdio' || place.transport !== 'sse') known = undefined;
        throw error;
      } finally {
        attempt.end();
      }
    },
  };
}

type HttpPlace = Extract<Place, { kind: 'http' }>;

function authorized(place: HttpPlace, caller: string | undefined): HttpPlace {
  return place.endpointFor === undefined ? place : { ...place, endpoint: place.endpointFor(caller) };
}

/** What an attempt works with: whom it tells, and what ends it. */
interface Attempt {
  readonly events: LinkEvents;
  /** Closes what is being opened when the attempt is given up. */
  guard(link: Link): void;
  /** What was opened belongs to whoever has it now. */
  end(): void;
}

function beginAttempt(events: LinkEvents, signal: AbortSignal): Attempt {
  const links: Link[] = [];
  const giveUp = (): void => {
    for (const link of links) void link.close();
  };
  signal.addEventListener('abort', giveUp, { once: true });
  return {
    events,
    guard(link) {
      links.push(link);
      if (signal.aborted) void link.close();
    },
    end: () => signal.removeEventListener('abort', giveUp),
  };
}

type Opened = readonly [Manner, Session];

async function openStdio(
  options: DialOptions,
  { command, openProcess }: Extract<Place, { kind: 'stdio' }>,
  { events, guard }: Attempt,
  known: Manner | undefined,
): Promise<Opened> {
  const { client, clock, log, timeoutMs, roots } = options;
  const open = () => {
    const opened =
      openProcess?.({ command, events: quiet, log }) ?? new StdioLink({ command, events: quiet, log, clock });
    guard(opened);
    return opened;
  };
  // Whoever dials hears of the loss by the rejection; afterwards it is told.
  let isOpen = false;
  const quiet: LinkEvents = { ...events, lost: (error) => (isOpen ? events.lost(error) : undefined) };
  let link = open();
  try {
    if (known !== 'legacy') {
      const probed = await probe(link, client, timeoutMs);
      if (typeof probed === 'object') {
        isOpen = true;
        return ['modern', createModernSession({ link, client, discovery: probed, clock })];
      }
      // A server that a question before initialize has ended is begun anew; the first is gone by then.
      if (probed === 'ended') {
        await link.close();
        link = open();
      }
    }
    const session = await openLegacySession({ link, client, timeoutMs, roots, isShared: true });
    isOpen = true;
    return ['legacy', session];
  } catch (error) {
    await link.close();
    throw error;
  }
}

async function openHttp(
  options: DialOptions,
  { endpoint, transport }: HttpPlace,
  attempt: Attempt,
  known: Manner | undefined,
): Promise<Opened> {
  const { client, timeoutMs, roots, clock } = options;
  const { events, guard } = attempt;
  if (known === undefined || known === 'modern') {
    const link = openModernLink(options, endpoint, events);
    guard(link);
    const probed = await probe(link, client, timeoutMs);
    if (typeof probed === 'object')
      return ['modern', createModernSession({ link, client, discovery: probed, clock })];
    await link.close();
  }
  if (known !== 'sse') {
    try {
      return ['legacy', await openLegacyHttp(options, endpoint, attempt)];
    } catch (error) {
      if (transport === 'http' || !isNoStreamable(error)) throw error;
    }
  }
  const link = await openSseLink({ endpoint, events, timeoutMs });
  guard(link);
  try {
    return ['sse', await openLegacySession({ link, client, timeoutMs, roots, isShared: true })];
  } catch (error) {
    await link.close();
    throw error;
  }
}

/** What was discovered; or that the upstream is of the legacy era; or that the probe has ended it. */
async function probe(
  link: Link,
  client: ClientIdentity,
  timeoutMs: number,
): Promise<JsonObject | 'legacy' | 'ended'> {
  try {
    return (await discover(link, client, Math.min(PROBE_TIMEOUT_MS, timeoutMs))) ?? 'legacy';
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    if (error.reason === 'ended') return 'ended';
    // 401 and 403 are refusals in either era, and a host that cannot be reached is not reached by the next try either.
    if (error.reason === 'unavailable' || error.code === 401 || error.code === 403) throw error;
    return 'legacy';
  }
}

function openModernLink(options: DialOptions, endpoint: Endpoint, events: LinkEvents): Link {
  return new StreamableLink({
    endpoint,
    events,
    resumes: false,
    headersFor(method, params) {
      const tool = method === 'tools/call' && typeof params.name === 'string' ? params.name : undefined;
      const parameters = tool === undefined ? [] : options.headerParameters(tool);
      return { 'mcp-protocol-version': MODERN_REVISION, ...mirrorHeaders(method, params, parameters) };
    },
  });
}

async function openLegacyHttp(
  { client, clock, timeoutMs, roots }: DialOptions,
  endpoint: Endpoint,
  { events, guard }: Attempt,
): Promise<Session> {
  let sessionId: string | undefined;
  let revision: string | undefined;
  const ownHeaders = (): Record<string, string> => ({
    ...(sessionId === undefined ? {} : { 'mcp-session-id': sessionId }),
    ...(revision === undefined ? {} : { 'mcp-protocol-version': revision }),
  });
  const link = new StreamableLink({
    endpoint,
    events,
    resumes: true,
    headersFor: ownHeaders,
    answered(headers) {
      sessionId ??= headers['mcp-session-id'];
    },
  });
  guard(link);
  const end = async (): Promise<void> => {
    if (sessionId === undefined) return;
    const request = { method: 'DELETE', headers: ownHeaders(), timeoutMs: END_TIMEOUT_MS } as const;
    // A session that cannot be ended expires at the upstream.
    await endpoint.send(request).then(discard, () => undefined);
  };
  return openLegacySession({
    link,
    client,
    timeoutMs,
    roots,
    // Questions about a call come on the stream of its own answer.
    isShared: false,
    listening: keepListening(clock, (_resources, signal, opened) => link.listen(signal, opened)),
    agreed(version) {
      revision = version;
    },
    end,
  });
}

/** What servers of 2024-11-05 answer to a POST at the address of their stream. */
function isNoStreamable(error: unknown): boolean {
  return error instanceof UpstreamError && [400, 404, 405, 406, 415].includes(error.code ?? 0);
}

// The table of legacy HTTP sessions: bounded, bound to their principals, ended when idle.
import { randomBytes } from 'node:crypto';
import { QuaysideError } from '../../errors.ts';
import type { Caller } from '../../gate/stage.ts';
import type { Principal } from '../../tool.ts';
import type { EventStore } from './event-store.ts';
import { HttpSession } from './http-session.ts';
import type { LegacySession } from './session.ts';

/** Each holds a few kilobytes; more than this is a client that never reuses its session. */
const SESSIONS_MAX = 10_000;

/** One principal's share: beyond it the longest unused of its own sessions gives way. */
const SESSIONS_PER_PRINCIPAL_MAX = 1000;

/** 256 bits, in visible ASCII (2025-03-26, session management). */
const ID_BYTES = 32;

/** A session ends at most this long after its idle time. */
const SWEEP_MS = 10_000;

export interface Sessions {
  /** Throws `overloaded` when the table is full. `idleMs` is the server's `transport.sessionTtl`. */
  create(make: (id: string) => LegacySession, idleMs: number, clientAddress: string): HttpSession;
  /** Undefined unless the id is known, on this server, and this principal's; to anybody else it does not exist. */
  find(id: string, slug: string, principal: Principal): HttpSession | undefined;
  delete(session: HttpSession): void;
  /** Ends the sessions of the callers that `of` names. */
  end(of: (caller: Caller) => boolean): void;
  all(): Iterable<HttpSession>;
  count(): number;
  close(): void;
}

export interface SessionsDeps {
  readonly events: EventStore;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Told when a session has begun. */
  readonly onStart?: (session: HttpSession) => void;
  /** Told when a session ended, with its age in seconds. */
  readonly onEnd?: (seconds: number, session: HttpSession) => void;
}

export function createSessions(deps: SessionsDeps): Sessions {
  const table = new Map<string, Held>();
  const perPrincipal = new Map<string, Set<HttpSession>>();

  const remove = (session: HttpSession): void => {
    if (!table.delete(session.id)) return;
    const key = principalKey(session.core.principal);
    const own = perPrincipal.get(key);
    own?.delete(session);
    if (own?.size === 0) perPrincipal.delete(key);
    deps.onEnd?.((deps.now() - session.createdAt) / 1000, session);
    session.core.close();
  };

  const sweep = (): void => {
    const now = deps.now();
    for (const { session, idleMs } of [...table.values()]) {
      if (isExpired(session, idleMs, now)) remove(session);
    }
  };
  let sweeper: NodeJS.Timeout | undefined;

  return {
    create(make, idleMs, clientAddress) {
      if (table.size >= SESSIONS_MAX) sweep();
      const id = randomBytes(ID_BYTES).toString('base64url');
      if (table.size >= SESSIONS_MAX) throw tooMany();
      const { events } = deps;
      const session = new HttpSession({ core: make(id), id, events, now: deps.now(), clientAddress });
      const key = principalKey(session.core.principal);
      const own = perPrincipal.get(key) ?? new Set();
      if (own.size >= SESSIONS_PER_PRINCIPAL_MAX) remove(longestUnused(own));
      perPrincipal.set(key, own.add(session));
      table.set(id, { session, idleMs });
      session.core.onClose(() => remove(session));
      sweeper ??= setInterval(sweep, SWEEP_MS).unref();
      deps.onStart?.(session);
      return session;
    },
    find(id, slug, principal) {
      const held = table.get(id);
      if (held === undefined) return undefined;
      const { session, idleMs } = held;
      const now = deps.now();
      if (isExpired(session, idleMs, now)) {
        remove(session);
        return undefined;
      }
      if (session.core.slug !== slug || principalKey(session.core.principal) !== principalKey(principal)) {
        return undefined;
      }
      session.lastUsedAt = now;
      return session;
    },
    delete: remove,
    end(of) {
      for (const { session } of [...table.values()]) if (of(callerOf(session))) remove(session);
    },
    *all() {
      for (const { session } of [...table.values()]) yield session;
    },
    count: () => table.size,
    close() {
      clearInterval(sweeper);
      sweeper = undefined;
      for (const { session } of [...table.values()]) remove(session);
    },
  };
}

interface Held {
  readonly session: HttpSession;
  readonly idleMs: number;
}

/** Plans replace their principal objects; the same caller keeps type, tenant and id. */
function principalKey({ type, tenantId, id }: Principal): string {
  return `${type} ${tenantId} ${id}`;
}

function callerOf({ core, clientAddress }: HttpSession): Caller {
  return { principal: core.principal, slug: core.slug, clientAddress };
}

function tooMany(): QuaysideError {
  return new QuaysideError('overloaded', { message: 'Too many sessions.', headers: { 'Retry-After': '10' } });
}

function isExpired(session: HttpSession, idleMs: number, now: number): boolean {
  return !session.isStreaming && now - session.lastUsedAt > idleMs;
}

function longestUnused(sessions: ReadonlySet<HttpSession>): HttpSession {
  let oldest: HttpSession | undefined;
  for (const session of sessions)
    if (oldest === undefined || session.lastUsedAt < oldest.lastUsedAt) oldest = session;
  if (oldest === undefined) throw new RangeError('no session to end');
  return oldest;
}

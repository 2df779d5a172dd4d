// The table of legacy HTTP sessions: bounded, bound to their principals, ended when idle.
import { randomBytes } from 'node:crypto';
import { QuaysideError } from '../../errors.ts';
import type { Caller } from '../../gate/stage.ts';
import type { Principal } from '../../tool.ts';
import type { EventStore } from './event-store.ts';
import { HttpSession } from './http-session.ts';
import type { LegacySession } from './session.ts';
import { createSessionHandover, type SessionHandover, type SessionKeeping } from './session-handover.ts';
import type { KeptSession } from './session-journal.ts';
import { type Held, principalKey, SessionTable } from './session-table.ts';

/** Each holds a few kilobytes; more than this is a client that never reuses its session. */
const SESSIONS_MAX = 10_000;

/** 256 bits, in visible ASCII (2025-03-26, session management). */
const ID_BYTES = 32;

/** A session ends at most this long after its idle time. */
const SWEEP_MS = 10_000;

/** The sessions of one process. */
export interface Sessions {
  /** Throws `overloaded` when the table is full. `idleMs` is the server's `transport.sessionTtl`. */
  create(make: (id: string) => LegacySession, idleMs: number, clientAddress: string): HttpSession;
  /** Resolves when a session just created would outlive this process; at once where none does. */
  kept(session: HttpSession): Promise<void>;
  /** Whether this process holds the session. */
  has(id: string): boolean;
  /** Takes over a session that another process held; its next caller finds it. */
  adopt(id: string, kept: KeptSession): void;
  /** Lets go of every session, as soon as no call runs in it, so that other processes go on with them. */
  release(): void;
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
  /** Absent: sessions end with this process. */
  readonly keeping?: SessionKeeping;
}

/** Begins to look for sessions that are idle with the first one. */
export function createSessions(deps: SessionsDeps): Sessions {
  const table = new SessionTable();
  const { events, now, keeping } = deps;
  const handover = keeping === undefined ? undefined : createSessionHandover(keeping, deps);
  let sweeper: NodeJS.Timeout | undefined;

  const remove = (session: HttpSession): void => {
    if (!table.forget(session)) return;
    handover?.journal.closed(session.id);
    deps.onEnd?.((now() - session.createdAt) / 1000, session);
    session.core.close();
  };
  const letGo = (session: HttpSession): void => {
    if (!table.forget(session)) return;
    handover?.journal.released(session);
    session.core.close();
  };
  const sweep = (): void => {
    for (const held of table.all()) {
      if (isExpired(held.session, held.idleMs, now())) remove(held.session);
      else if (held.session.isStreaming) handover?.note(held);
    }
  };
  const hold = (session: HttpSession, idleMs: number): Held => {
    const surplus = table.surplusOf(session.core.principal);
    if (surplus !== undefined) remove(surplus);
    const held = { session, idleMs, notedAt: now() };
    table.add(held);
    session.core.onClose(() => remove(session));
    if (handover !== undefined) session.core.observe({ changed: () => handover.journal.changed(session) });
    sweeper ??= setInterval(sweep, SWEEP_MS).unref();
    return held;
  };
  const used = (held: Held): HttpSession => {
    held.session.lastUsedAt = now();
    handover?.note(held);
    return held.session;
  };
  return {
    create(make, idleMs, clientAddress) {
      if (table.size >= SESSIONS_MAX) sweep();
      const id = handover?.newId() ?? randomBytes(ID_BYTES).toString('base64url');
      if (table.size >= SESSIONS_MAX) throw tooMany();
      const session = new HttpSession({ core: make(id), id, events, now: now(), clientAddress });
      hold(session, idleMs);
      deps.onStart?.(session);
      return session;
    },
    find(id, slug, principal) {
      const revived = table.get(id) === undefined ? handover?.revive(id, slug, principal) : undefined;
      const held = revived === undefined ? table.get(id) : hold(revived.session, revived.idleMs);
      if (held === undefined) return undefined;
      if (isExpired(held.session, held.idleMs, now())) remove(held.session);
      else if (isOf(held.session, slug, principal)) return used(held);
      return undefined;
    },
    ...passing({ table, handover, letGo }),
    delete: remove,
    end(of) {
      for (const { session } of table.all()) if (of(callerOf(session))) remove(session);
    },
    all: () => table.all().map(({ session }) => session),
    count: () => table.size,
    close() {
      clearInterval(sweeper);
      // Where they are kept, another process goes on with them.
      for (const { session } of table.all()) (handover === undefined ? remove : letGo)(session);
    },
  };
}

function isOf({ core }: HttpSession, slug: string, principal: Principal): boolean {
  return core.slug === slug && principalKey(core.principal) === principalKey(principal);
}

/** What concerns other processes. */
function passing(parts: {
  readonly table: SessionTable;
  readonly handover: SessionHandover | undefined;
  readonly letGo: (session: HttpSession) => void;
}): Pick<Sessions, 'kept' | 'has' | 'adopt' | 'release'> {
  const { table, handover, letGo } = parts;
  const release = (session: HttpSession): void => {
    session.core.observe({ idle: () => setImmediate(() => release(session)) });
    // A new call may have come before the moment of rest was told.
    if (session.core.running === 0) letGo(session);
  };
  return {
    async kept(session) {
      const held = table.get(session.id);
      if (held === undefined) return;
      await handover?.journal.opened(session, held.idleMs, principalKey(session.core.principal));
    },
    has: (id) => table.get(id) !== undefined || handover?.has(id) === true,
    adopt: (id, kept) => handover?.adopt(id, kept),
    release() {
      if (handover === undefined) return;
      for (const { session } of table.all()) release(session);
    },
  };
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

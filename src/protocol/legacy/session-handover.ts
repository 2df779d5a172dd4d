// Sessions that pass from one process to another: what was taken over waits for its caller, what is let go of is noted.
import type { Principal } from '../../tool.ts';
import type { EventStore } from './event-store.ts';
import { HttpSession } from './http-session.ts';
import type { LegacySession } from './session.ts';
import type { KeptSession, SessionJournal } from './session-journal.ts';
import type { SessionRow } from './session-statements.ts';
import { type Held, principalKey } from './session-table.ts';

/** What it takes to go on with sessions of other processes. */
export interface SessionKeeping {
  readonly journal: SessionJournal;
  /** Makes an id that names this process. */
  readonly newId: () => string;
  /** Makes the session that a row describes. */
  readonly revive: (id: string, row: SessionRow, principal: Principal) => LegacySession;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Taken over and not asked for yet; their callers come at once, or never. */
const ADOPTED_MAX = 10_000;

/** The store is told so often of a session in use: its end there is as much later at most. */
const NOTES_PER_IDLE_TIME = 10;

/** The journal's side of the table of sessions. */
export interface SessionHandover {
  readonly journal: SessionJournal;
  readonly newId: () => string;
  has(id: string): boolean;
  adopt(id: string, kept: KeptSession): void;
  /** What was adopted becomes a session with its first caller, who must be the one whose it is. */
  revive(
    id: string,
    slug: string,
    principal: Principal,
  ): { readonly session: HttpSession; readonly idleMs: number } | undefined;
  /** Tells the store now and then that a session is in use. */
  note(held: Held): void;
}

/** `now` in monotonic milliseconds. */
export function createSessionHandover(
  keeping: SessionKeeping,
  { events, now }: { readonly events: EventStore; readonly now: () => number },
): SessionHandover {
  const adopted = new Map<string, KeptSession>();
  const { journal, newId } = keeping;
  return {
    journal,
    newId,
    has: (id) => adopted.has(id),
    adopt(id, kept) {
      if (adopted.size >= ADOPTED_MAX) adopted.delete(adopted.keys().next().value ?? '');
      adopted.set(id, kept);
    },
    revive(id, slug, principal) {
      const kept = adopted.get(id);
      if (kept === undefined) return undefined;
      const { row } = kept;
      if (row.server !== slug || row.principal !== principalKey(principal)) return undefined;
      adopted.delete(id);
      events.restore(id, kept.events);
      const { client_address: clientAddress, epoch } = row;
      const createdAt = now() - Math.max(0, keeping.now() - row.created_at);
      const core = keeping.revive(id, row, principal);
      const session = new HttpSession({ core, id, events, now: createdAt, clientAddress, epoch });
      session.lastUsedAt = now();
      return { session, idleMs: row.idle_ms };
    },
    note(held) {
      const at = now();
      if (at - held.notedAt < held.idleMs / NOTES_PER_IDLE_TIME) return;
      held.notedAt = at;
      journal.changed(held.session);
    },
  };
}

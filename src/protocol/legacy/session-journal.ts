// Keeps sessions in the store, so that another process can go on with them. Only opening one waits for the disk: what
// comes later is written behind the calls, all of a moment in one write.
import { hash } from 'node:crypto';
import { type Step, type Store, StoreUnavailable } from '../../store/store.ts';
import type { Log } from '../../telemetry/log.ts';
import type { EventJournal, KeptEvents } from './event-store.ts';
import type { HttpSession } from './http-session.ts';
import {
  changeSession,
  claimSession,
  deleteEvents,
  deleteExpired,
  deleteOrphans,
  deleteSession,
  dropEvents,
  findSession,
  insertEvent,
  insertSession,
  listEvents,
  noteDropped,
  releaseSession,
  type SessionRow,
} from './session-statements.ts';

/** A session that was taken over, with its events. */
export interface KeptSession {
  readonly row: SessionRow;
  readonly events: KeptEvents;
}

/** The sessions of this process in the store. */
export interface SessionJournal extends EventJournal {
  /** Resolves when the session outlives this process. Rejects when the store cannot keep it. */
  opened(session: HttpSession, idleMs: number, principal: string): Promise<void>;
  /** What the session remembers, and that it was used. */
  changed(session: HttpSession): void;
  /** The session ended: nobody can go on with it. */
  closed(sessionId: string): void;
  /** Another process may go on with it. */
  released(session: HttpSession): void;
  /** Who holds a session: a process's name, or empty where it was released. Undefined: there is none. */
  ownerOf(sessionId: string): Promise<string | undefined>;
  /** Takes it from `former`; undefined where somebody else was faster. */
  claim(sessionId: string, former: string): Promise<KeptSession | undefined>;
  /** Resolves when everything so far is written, or has failed for good. */
  flush(): Promise<void>;
}

export interface SessionJournalDeps {
  readonly store: Store;
  /** This process's name. */
  readonly owner: string;
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** One transaction's share; the rest goes into the next. */
const STEPS_PER_WRITE = 200;
/** While the store is away. What comes then is lost to a process that takes over later. */
const STEPS_MAX = 20_000;
const RETRY_MS = 1000;
/** More events than one owner ever sends in a session. */
const EVENTS_OF_AN_OWNER = 1_000_000_000;

/** Writes nothing before it is told of a session. */
export function createSessionJournal(deps: SessionJournalDeps): SessionJournal {
  const { store, owner, now } = deps;
  const behind = createWriteBehind(deps);
  const at = (sessionId: string) => ({ id: keyOf(sessionId), owner });
  return {
    async opened({ id, core, clientAddress }, idleMs, principal) {
      const values = {
        ...at(id),
        ...rememberedBy(core),
        whose: core.principal.tenantId,
        server: core.slug,
        principal,
        version: core.version,
        protocol_version: core.protocolVersion,
        capabilities: JSON.stringify(core.capabilities),
        client_address: clientAddress,
        idle_ms: idleMs,
        now: now(),
      };
      await store.write('system', [{ statement: insertSession, values }]);
    },
    changed({ id, core, clientAddress }) {
      const values = { ...at(id), ...rememberedBy(core), client_address: clientAddress, now: now() };
      behind.add({ statement: changeSession, values });
    },
    closed(sessionId) {
      behind.add({ statement: deleteSession, values: at(sessionId) });
      behind.add({ statement: deleteEvents, values: { id: keyOf(sessionId) } });
    },
    released({ id }) {
      behind.add({ statement: releaseSession, values: { ...at(id), now: now() } });
    },
    added(sessionId, { sequence, streamId, message }) {
      behind.add({
        statement: insertEvent,
        values: { ...at(sessionId), sequence, stream: streamId, message },
      });
    },
    dropped(sessionId, sequence) {
      behind.add({ statement: dropEvents, values: { id: keyOf(sessionId), sequence } });
      behind.add({ statement: noteDropped, values: { ...at(sessionId), sequence } });
    },
    async ownerOf(sessionId) {
      const [row] = await store.read('system', findSession, { id: keyOf(sessionId) });
      return row === undefined || isExpired(row, now()) ? undefined : row.owner;
    },
    async claim(sessionId, former) {
      const id = keyOf(sessionId);
      const values = { id, owner, former, now: now() };
      const [result] = await store.write('system', [{ statement: claimSession, values }]);
      const row = result?.rows[0];
      if (row === undefined) return undefined;
      const session = parseRow(row);
      const rows = await store.read('system', listEvents, { id });
      return {
        row: session,
        events: {
          next: session.epoch * EVENTS_OF_AN_OWNER + 1,
          dropped: session.dropped,
          events: rows.map(({ sequence, stream, message }) => ({ sequence, streamId: stream, message })),
        },
      };
    },
    flush: behind.flush,
  };
}

/** Removes what nobody can ask for any more; resolves with the number of sessions. */
export async function removeExpiredSessions(store: Store, now: number): Promise<number> {
  const [expired] = await store.write('system', [
    { statement: deleteExpired, values: { now } },
    { statement: deleteOrphans, values: {} },
  ]);
  return expired?.changes ?? 0;
}

/** Whoever reads the table must not be able to send what a client sends. */
function keyOf(sessionId: string): string {
  return hash('sha256', sessionId, 'base64url');
}

function rememberedBy({ logLevel, subscriptions }: HttpSession['core']) {
  return { log_level: logLevel ?? null, subscriptions: JSON.stringify(subscriptions) };
}

function isExpired({ used_at, idle_ms }: SessionRow, now: number): boolean {
  return used_at + idle_ms + idle_ms / 5 < now;
}

/** The rows of our own statement. */
function parseRow(row: unknown): SessionRow {
  return row as SessionRow;
}

/** What was asked for in one turn of the loop, and while a write was on its way, goes in one write. */
function createWriteBehind({ store, log }: SessionJournalDeps) {
  let waiting: Step[] = [];
  let running: Promise<void> | undefined;

  const writeAll = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0) {
      const steps = waiting.splice(0, STEPS_PER_WRITE);
      try {
        await store.write('system', steps);
      } catch (error) {
        log.warn(
          { error: error instanceof Error ? error.message : String(error) },
          'Sessions cannot be kept; another process could not go on with them now.',
        );
        // A mistake of ours stays one however often it is tried.
        if (!(error instanceof StoreUnavailable)) continue;
        waiting = [...steps, ...waiting].slice(-STEPS_MAX);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
      }
    }
  };
  return {
    add(step: Step): void {
      if (waiting.length >= STEPS_MAX) waiting.shift();
      waiting.push(step);
      running ??= writeAll().finally(() => {
        running = undefined;
      });
    },
    flush: () =>
      Promise.race([running ?? Promise.resolve(), new Promise<void>((r) => setTimeout(r, 2 * RETRY_MS))]),
  };
}

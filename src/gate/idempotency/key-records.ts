// The rows of keys: who may run, what came of it. Every change is one statement that only the right one can make.
import { randomUUID } from 'node:crypto';
import type { Statement } from '../../store/statement.ts';
import type { Scope, Step, Store } from '../../store/store.ts';
import {
  dropExpiredKey,
  findKey,
  type KeyRow,
  lapseKey,
  releaseKey,
  renewKey,
  reserveKeys,
  settleKeys,
  takeOverKey,
} from './statements.ts';
import type { StoredOutcome } from './stored-outcome.ts';
import { type GroupRow, groupWrites, type WriteRows } from './write-groups.ts';

/** Whose key of which operation. */
export interface KeyName {
  readonly tenantId: string;
  readonly operation: string;
  readonly key: string;
}

/** Somebody wants to run. */
export interface KeyClaim extends KeyName {
  /** SHA-256 over the canonical JSON of the arguments. */
  readonly hash: string;
  readonly requestId: string;
  readonly principal: string;
  /** How long the call may take at most before nobody believes in its end. */
  readonly leaseMs: number;
}

/** The right to run, and to say what came of it. */
export interface Reservation extends KeyName {
  readonly id: string;
}

export interface KeyRecords {
  /** Resolves when the reservation is durable, else with the row that was there before. */
  reserve(claim: KeyClaim): Promise<{ readonly reserved: Reservation } | { readonly found: KeyRow }>;
  find(name: KeyName): Promise<KeyRow | undefined>;
  settle(reservation: Reservation, outcome: StoredOutcome): Promise<void>;
  /**
   * Keeps the failure, where there was one, and the key from running again. `endsAt` is when the lease of the call itself
   * passes, for those who only asked after it; absent: the lease stands.
   */
  settleUnknown(reservation: Reservation, failure: StoredOutcome | undefined, endsAt?: number): Promise<void>;
  release(reservation: Reservation): Promise<void>;
  /** Undefined where somebody else was faster, or the call ended after all. */
  takeOver(claim: KeyClaim, row: KeyRow): Promise<Reservation | undefined>;
  /** A lease from now on, for a call that begins after it was asked about; false where somebody else took it over. */
  renew(reservation: Reservation, leaseMs: number): Promise<boolean>;
  lapse(name: KeyName, row: KeyRow): Promise<void>;
}

export interface KeyRecordsDeps {
  readonly store: Store;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** How long a row is kept after its call began. */
  readonly ttlMs: number;
}

/** Rows over a store; the writes of concurrent callers share their commits. */
export function createKeyRecords({ store, now, ttlMs }: KeyRecordsDeps): KeyRecords {
  const reserveRow = groupWrites(rowWriter<ReservedRow>(store, reserveKeys));
  const settleRow = groupWrites(rowWriter<SettledRow>(store, settleKeys));
  const write = async (name: KeyName, step: Step): Promise<number> => {
    const [result] = await store.write(tenantOf(name), [step]);
    return result?.changes ?? 0;
  };
  const find = async (name: KeyName): Promise<KeyRow | undefined> => {
    const [row] = await store.read(tenantOf(name), findKey, nameOf(name));
    return row === undefined ? undefined : parseRow(row);
  };
  const end = async (reservation: Reservation, ending: Ending): Promise<void> => {
    const size = (ending.result ?? ending.error ?? '').length;
    const { tenantId, id } = reservation;
    const row = { ...nameOf(reservation), id, updated_at: now(), ...ending };
    await settleRow(tenantId, { ...row, size, place: placeOf(reservation) });
  };
  return {
    find,
    async reserve(claim) {
      for (;;) {
        const reservation = { ...nameOf(claim), tenantId: claim.tenantId, id: randomUUID() };
        if (await reserveRow(claim.tenantId, reservedRow(claim, reservation.id, now(), ttlMs)))
          return { reserved: reservation };
        const found = await find(claim);
        // Released between the two: the next round gets it, or finds the next one's row.
        if (found === undefined) continue;
        if (!isExpired(found, now())) return { found };
        // Whoever drops it, the next round begins as with any new key.
        await write(claim, { statement: dropExpiredKey, values: { ...nameOf(claim), now: now() } });
      }
    },
    settle: (reservation, { status, encoding, text }) =>
      end(reservation, {
        status,
        encoding,
        result: status === 'completed' ? text : null,
        error: status === 'failed' ? text : null,
      }),
    settleUnknown: (reservation, failure, endsAt) =>
      end(reservation, {
        ...(endsAt === undefined ? {} : { locked_until: endsAt }),
        status: 'unknown',
        encoding: failure?.encoding ?? 'json',
        result: null,
        error: failure?.text ?? null,
      }),
    async release(reservation) {
      const { id } = reservation;
      await write(reservation, { statement: releaseKey, values: { ...nameOf(reservation), id } });
    },
    async takeOver(claim, row) {
      const id = randomUUID();
      const lease = { now: now(), locked_until: now() + claim.leaseMs };
      const values = { ...nameOf(claim), id, previous: row.id, ...lease };
      const changes = await write(claim, { statement: takeOverKey, values });
      return changes === 1 ? { ...nameOf(claim), tenantId: claim.tenantId, id } : undefined;
    },
    async renew(reservation, leaseMs) {
      const values = { ...nameOf(reservation), id: reservation.id, locked_until: now() + leaseMs };
      return (await write(reservation, { statement: renewKey, values })) === 1;
    },
    async lapse(name, { id }) {
      await write(name, { statement: lapseKey, values: { ...nameOf(name), id, now: now() } });
    },
  };
}

/** Whether nobody can still be running the call of this row. */
export function hasLapsed(row: KeyRow, now: number): boolean {
  return row.status === 'unknown' || (row.status === 'processing' && row.locked_until <= now);
}

type Ending = Pick<KeyRow, 'status' | 'encoding' | 'result' | 'error'> &
  Partial<Pick<KeyRow, 'locked_until'>>;

interface SettledRow extends Ending, GroupRow {
  readonly operation: string;
  readonly key: string;
  readonly updated_at: number;
}

type ReservedRow = ReturnType<typeof reservedRow>;

/** One statement for all rows; the members that are no columns are not read. */
function rowWriter<Row extends GroupRow>(
  store: Store,
  statement: Statement<{ readonly id: string }>,
): WriteRows<Row> {
  return async (tenant, rows) => {
    const [result] = await store.write({ tenant }, [{ statement, values: { rows: JSON.stringify(rows) } }]);
    return new Set(result?.rows.map(({ id }) => String(id)));
  };
}

function isExpired(row: KeyRow, now: number): boolean {
  return row.expires_at <= now && (row.status !== 'processing' || row.locked_until <= now);
}

function reservedRow(claim: KeyClaim, id: string, now: number, ttlMs: number) {
  const { hash, requestId, principal, leaseMs } = claim;
  return {
    ...nameOf(claim),
    id,
    created_at: now,
    request_hash: hash,
    locked_until: now + leaseMs,
    expires_at: now + ttlMs,
    request_id: requestId,
    principal,
    size: 0,
    place: placeOf(claim),
  };
}

function placeOf({ operation, key }: KeyName): string {
  return `${operation}\n${key}`;
}

function tenantOf({ tenantId }: KeyName): Scope {
  return { tenant: tenantId };
}

function nameOf({ operation, key }: KeyName) {
  return { operation, key };
}

/** Drivers give large integers as they like. */
function parseRow(row: KeyRow): KeyRow {
  return {
    ...row,
    created_at: Number(row.created_at),
    locked_until: Number(row.locked_until),
    expires_at: Number(row.expires_at),
  };
}

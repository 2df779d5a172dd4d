// Decides for each caller with a key: run, take the answer of who ran, wait for it, or go away.
import { setTimeout as sleep } from 'node:timers/promises';
import type { QuaysideError } from '../../errors.ts';
import type { Store } from '../../store/store.ts';
import type { Outcome, Reconcile, Reconciliation, UnknownAttempt } from '../../tool.ts';
import { reachingStore } from '../store-failure.ts';
import type { Effect } from './effect.ts';
import { createFlights, type Flight, type Flights } from './flights.ts';
import {
  createKeyRecords,
  hasLapsed,
  type KeyClaim,
  type KeyRecords,
  type Reservation,
} from './key-records.ts';
import { mismatch, outcomeUnknown, stillRunning } from './key-refusals.ts';
import type { KeyRow } from './statements.ts';
import { decodeOutcome, encodeOutcome } from './stored-outcome.ts';

/** What a caller with a key may do. */
export type Admission =
  | { readonly run: Run }
  | { readonly replay: Outcome }
  | { readonly refusal: QuaysideError };

/** The right to run; ends with {@link KeyKeeper.finish}. */
export interface Run {
  readonly reservation: Reservation;
  /** Those of this process who wait for the same. */
  readonly flight: Flight | undefined;
}

/** How a caller asks. */
export interface Asking {
  readonly claim: KeyClaim;
  /** Milliseconds to wait for a call that runs already. */
  readonly waitMs: number;
  readonly reconcile?: Reconcile | undefined;
  /** What the reconciling tool needs to know of the call besides its claim. */
  readonly attempt: Pick<UnknownAttempt, 'args' | 'principal'>;
}

export interface KeyKeeper {
  /** Throws `overloaded` where the store cannot be reached; nothing was executed then. */
  admit(asking: Asking): Promise<Admission>;
  /** The answer of a call that ended before, or why it is not to be had; undefined where the key is free or busy. */
  peek(asking: Asking): Promise<Exclude<Admission, { readonly run: Run }> | undefined>;
  /** Resolves when what came of the call is durable. Never rejects: the call has happened, its answer must go out. */
  finish(run: Run, outcome: Outcome, effect: Effect): Promise<void>;
}

export interface KeyKeeperDeps {
  readonly store: Store;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** How long a key lives (`IDEMPOTENCY_TTL_HOURS`). */
  readonly ttlMs: number;
  /** Takes what went wrong after a call had happened. */
  readonly onProblem: (error: unknown) => void;
}

interface Parts extends KeyKeeperDeps {
  readonly records: KeyRecords;
  readonly flights: Flights;
}

export function createKeyKeeper(deps: KeyKeeperDeps): KeyKeeper {
  const parts: Parts = { ...deps, records: createKeyRecords(deps), flights: createFlights() };
  return {
    admit: (asking) => admit(parts, asking),
    async peek({ claim }) {
      const row = await reachingStore('idempotency keys', () => parts.records.find(claim));
      if (row === undefined || row.expires_at <= parts.now()) return undefined;
      return settledAdmission(claim, row);
    },
    finish: (run, outcome, effect) => finish(parts, run, outcome, effect),
  };
}

async function admit(parts: Parts, asking: Asking): Promise<Admission> {
  const { claim, waitMs } = asking;
  const place = [claim.tenantId, claim.operation, claim.key].join('\0');
  const deadline = parts.now() + waitMs;
  for (;;) {
    const before = parts.flights.get(place);
    if (before?.hash === claim.hash) {
      const landing = await before.wait(deadline - parts.now());
      if (landing === undefined) return { refusal: stillRunning(0) };
      if (landing !== 'vacated') return { replay: landing.outcome };
      continue;
    }
    // With other arguments than those who fly already: what is right, only the row can say.
    const flight = before === undefined ? parts.flights.open(place, claim.hash) : undefined;
    let admission: Admission | Reservation;
    try {
      admission = await reachingStore('idempotency keys', () => askStore(parts, asking, deadline));
    } catch (error) {
      flight?.land('vacated');
      throw error;
    }
    if ('id' in admission) return { run: { reservation: admission, flight } };
    flight?.land('replay' in admission ? { outcome: admission.replay } : 'vacated');
    return admission;
  }
}

/** First and longest pause between two looks at a row that another process works on. */
const POLL_MS_MIN = 20;
const POLL_MS_MAX = 500;

async function askStore(parts: Parts, asking: Asking, deadline: number): Promise<Admission | Reservation> {
  const { records, now } = parts;
  const { claim } = asking;
  let pauseMs = POLL_MS_MIN;
  let row: KeyRow | undefined;
  for (;;) {
    if (row === undefined) {
      const got = await records.reserve(claim);
      if ('reserved' in got) return got.reserved;
      row = got.found;
    }
    const settled = await settledAdmission(claim, row);
    if (settled !== undefined) return settled;
    if (hasLapsed(row, now())) {
      const resolved = await resolveUnknown(parts, asking, row);
      if (resolved !== undefined) return resolved;
    } else if (now() + pauseMs >= deadline) {
      return { refusal: stillRunning(row.locked_until - now()) };
    }
    await sleep(pauseMs);
    pauseMs = Math.min(pauseMs * 2, POLL_MS_MAX);
    row = await records.find(claim);
  }
}

/** Undefined while the call runs or its outcome is unknown. */
async function settledAdmission(
  claim: KeyClaim,
  row: KeyRow,
): Promise<Exclude<Admission, { readonly run: Run }> | undefined> {
  if (row.request_hash !== claim.hash) return { refusal: mismatch() };
  const text = row.status === 'completed' ? row.result : row.status === 'failed' ? row.error : null;
  return text === null ? undefined : { replay: await decodeOutcome({ encoding: row.encoding, text }) };
}

/** Asks the tool, once at a time. Undefined: another process is at it, or the call ended after all. */
async function resolveUnknown(
  parts: Parts,
  { claim, reconcile, attempt }: Asking,
  row: KeyRow,
): Promise<Admission | Reservation | undefined> {
  const { records } = parts;
  if (reconcile === undefined) {
    if (row.status === 'processing') await records.lapse(claim, row);
    return { refusal: outcomeUnknown(row) };
  }
  const { locked_until: endsAt } = row;
  const reservation = await records.takeOver(claim, row);
  if (reservation === undefined) return undefined;
  const found = await askTool(parts, reconcile, claim.leaseMs, {
    ...attempt,
    idempotencyKey: claim.key,
    requestId: row.request_id,
    startedAt: row.created_at,
  });
  // What was sent may still be on its way; once its lease has passed it cannot arrive any more.
  const isOver = endsAt <= parts.now();
  if (found.outcome === 'nothing' && isOver)
    return (await records.renew(reservation, claim.leaseMs)) ? reservation : undefined;
  if (found.outcome === 'done') {
    const outcome: Outcome = { ok: true, result: found.result };
    await records.settle(reservation, await encodeOutcome(outcome));
    return { replay: outcome };
  }
  const failure =
    row.error === null ? undefined : ({ status: 'failed', encoding: row.encoding, text: row.error } as const);
  await records.settleUnknown(reservation, failure, endsAt);
  return { refusal: outcomeUnknown(row, found.outcome === 'nothing' ? endsAt - parts.now() : undefined) };
}

/** A tool that fails to find out, or takes longer than the call itself may, has not found out. */
async function askTool(
  { onProblem }: Parts,
  reconcile: Reconcile,
  timeoutMs: number,
  attempt: UnknownAttempt,
): Promise<Reconciliation> {
  const { promise: late, resolve } = Promise.withResolvers<Reconciliation>();
  const timer = setTimeout(() => resolve({ outcome: 'unknown' }), timeoutMs);
  try {
    return await Promise.race([reconcile(attempt), late]);
  } catch (error) {
    onProblem(error);
    return { outcome: 'unknown' };
  } finally {
    clearTimeout(timer);
  }
}

async function finish(parts: Parts, run: Run, outcome: Outcome, effect: Effect): Promise<void> {
  const { records, onProblem } = parts;
  const { reservation, flight } = run;
  try {
    if (effect === 'none') await records.release(reservation);
    else if (effect === 'definite') await records.settle(reservation, await encodeOutcome(outcome));
    else await records.settleUnknown(reservation, await encodeOutcome(outcome));
  } catch (error) {
    // The row stays as it was reserved: nobody runs it again, and after its lease it counts as unknown.
    onProblem(error);
  }
  flight?.land(effect === 'definite' ? { outcome } : 'vacated');
}

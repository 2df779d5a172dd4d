// Steps 10 and 11: a call with a key happens once. Three places of one stage: the key is read before the arguments are
// judged, the answer of an earlier call comes before approval is asked for, the reservation comes last of all.

import { QuaysideError } from '../../errors.ts';
import type { JsonObject, Operation, Outcome, Reconcile, ToolIdempotency } from '../../tool.ts';
import { canonicalHash } from '../canonical-json.ts';
import { compileResultCheck } from '../output-stage.ts';
import type { GateServer, OperationStage, Target, Verdict } from '../stage.ts';
import { carriesKey, readKey } from './carriers.ts';
import { effectOf, effectOfRoute } from './effect.ts';
import { type Asking, createKeyKeeper, type KeyKeeper, type KeyKeeperDeps, type Run } from './key-keeper.ts';
import { keyProblem } from './key-problem.ts';

/** The store, the clock and the times; governance §7 gives the defaults. */
export interface IdempotencyDeps extends KeyKeeperDeps {
  /** What a call may take beyond its timeout before nobody believes in its end. Default 30,000 ms (governance §7). */
  readonly leaseGraceMs?: number;
  /** Longest that a second caller waits for the first. Default 10,000 ms (governance §7). */
  readonly waitMsMax?: number;
}

export interface IdempotencyStages {
  /** Reads the key and takes its argument away; before the arguments are judged. */
  readonly key: OperationStage;
  /** Answers what was answered before; only for tools that would ask for approval again. */
  readonly replay: OperationStage;
  /** Reserves the key before the handler, and keeps what came of it. */
  readonly reserve: OperationStage;
}

/** Says in `_meta` that an answer is one that was given before. */
const REPLAYED_META = 'quayside/replayed';
const REPLAYED_HEADER = 'idempotency-replayed';

const LEASE_GRACE_MS = 30_000;
const WAIT_MS_MAX = 10_000;

/** Undefined `deps`: there is no store to reserve in, and keys mean nothing. */
export function idempotencyStages(deps: IdempotencyDeps | undefined): IdempotencyStages {
  // Arguments as they were sent: a default that changes between two attempts does not make another call of them.
  const sent = new WeakMap<Operation, JsonObject>();
  const runs = new WeakMap<Operation, Run>();
  const keeper = deps === undefined ? undefined : createKeyKeeper(deps);
  const stage = (
    name: string,
    prepare: (known: Known) => ReturnType<OperationStage['prepare']>,
  ): OperationStage => ({
    name,
    prepare(target, server) {
      const keys = keysOf(target);
      if (keeper === undefined || keys === undefined) return undefined;
      const { leaseGraceMs = LEASE_GRACE_MS, waitMsMax = WAIT_MS_MAX } = deps ?? {};
      const { timeoutMs } = keys;
      const askingOf = askingMaker(target, server, { sent, timeoutMs, leaseGraceMs, waitMsMax });
      return prepare({ target, server, keeper, keys, askingOf });
    },
  });
  return {
    key: stage('idempotency-key', ({ keys }) => ({
      name: 'idempotency-key',
      enter: (operation) => takeKey(operation, keys.places, sent),
    })),
    replay: stage('idempotency-replay', ({ keeper: known, askingOf, server, target }) =>
      demandsApproval(target, server)
        ? { name: 'idempotency-replay', enter: (operation) => replayEarlier(operation, known, askingOf) }
        : undefined,
    ),
    reserve: stage('idempotency', ({ keeper: known, askingOf, server, target }) => {
      const handler = server.definition.tools.find(({ name }) => name === target.name)?.handler.type;
      const judge =
        target.kind === 'route' ? effectOfRoute : (outcome: Outcome) => effectOf(outcome, handler);
      return {
        name: 'idempotency',
        enter: (operation) =>
          operation.idempotencyKey === undefined ? undefined : reserve(operation, known, askingOf, runs),
        leave(operation, outcome) {
          const run = runs.get(operation);
          if (run === undefined) return outcome;
          return known.finish(run, outcome, judge(outcome)).then(() => outcome);
        },
      };
    }),
  };
}

interface Known {
  readonly target: Target;
  readonly server: GateServer;
  readonly keeper: KeyKeeper;
  readonly keys: KeyTarget;
  readonly askingOf: AskingMaker;
}

/** Where a target's keys stand, and how long its operations take at most. */
interface KeyTarget {
  readonly places: KeyPlaces;
  readonly timeoutMs: number;
}

/** A route's key stands in the header alone. */
type KeyPlaces = ToolIdempotency | typeof HEADER_ALONE;
const HEADER_ALONE = { mode: 'optional', argument: undefined, isDeclared: undefined } as const;

/** As long as a task: some routes clone or index, and answer when that is done. */
const ROUTE_TIMEOUT_MS = 600_000;

function keysOf({ tool, once }: Target): KeyTarget | undefined {
  if (once === true) return { places: HEADER_ALONE, timeoutMs: ROUTE_TIMEOUT_MS };
  if (tool?.idempotency === undefined) return undefined;
  return { places: tool.idempotency, timeoutMs: tool.timeoutMs };
}

type AskingMaker = (operation: Operation, key: string) => Asking;

function takeKey(operation: Operation, places: KeyPlaces, sent: WeakMap<Operation, JsonObject>): Verdict {
  if (!carriesKey(operation, places)) return withoutAny(places);
  const read = readKey(operation, places);
  if ('malformed' in read) return problem(places, read.malformed);
  operation.args = read.args;
  if (read.key !== undefined) {
    operation.idempotencyKey = read.key;
    sent.set(operation, withoutKey(read.args, places));
    return undefined;
  }
  return withoutAny(places);
}

function withoutAny(places: KeyPlaces): Verdict {
  return places.mode === 'optional' ? undefined : problem(places, undefined);
}

function problem(places: KeyPlaces, received: unknown): Verdict {
  if (places.argument === undefined) return undefined;
  return { answer: { ok: true, result: keyProblem(places, received) } };
}

/** An argument that the author declared reaches the handler, but it is the key and not what is asked for. */
function withoutKey(args: JsonObject, { argument, isDeclared }: KeyPlaces): JsonObject {
  if (argument === undefined || !isDeclared) return args;
  const { [argument]: _, ...rest } = args;
  return rest;
}

async function replayEarlier(
  operation: Operation,
  keeper: KeyKeeper,
  askingOf: AskingMaker,
): Promise<Verdict> {
  if (operation.idempotencyKey === undefined) return undefined;
  const earlier = await keeper.peek(askingOf(operation, operation.idempotencyKey));
  if (earlier === undefined) return undefined;
  return 'refusal' in earlier ? earlier.refusal : { answer: asReplay(operation, earlier.replay) };
}

async function reserve(
  operation: Operation,
  keeper: KeyKeeper,
  askingOf: AskingMaker,
  runs: WeakMap<Operation, Run>,
): Promise<Verdict> {
  const admission = await keeper.admit(askingOf(operation, operation.idempotencyKey ?? ''));
  if ('refusal' in admission) return admission.refusal;
  if ('replay' in admission) return { answer: asReplay(operation, admission.replay) };
  runs.set(operation, admission.run);
  // Others will ask for this answer: a client that hangs up must not leave its outcome unknown.
  operation.runsToEnd = true;
  return undefined;
}

function askingMaker(
  target: Target,
  server: GateServer,
  options: {
    readonly sent: WeakMap<Operation, JsonObject>;
    readonly timeoutMs: number;
    readonly leaseGraceMs: number;
    readonly waitMsMax: number;
  },
): AskingMaker {
  const { sent, timeoutMs, leaseGraceMs, waitMsMax } = options;
  const name = target.kind === 'route' ? target.name : operationName(server.slug, target.name);
  const reconcile = checkedReconcile(target, server);
  return (operation, key) => ({
    claim: {
      tenantId: operation.principal.tenantId,
      operation: name,
      key,
      hash: canonicalHash(sent.get(operation) ?? operation.args),
      requestId: operation.requestId,
      principal: operation.principal.id,
      leaseMs: timeoutMs + leaseGraceMs,
    },
    waitMs: Math.min(timeoutMs - (performance.now() - operation.startedAt), waitMsMax),
    reconcile,
    attempt: { args: operation.args, principal: operation.principal },
  });
}

/** What is found counts as the tool's own answer, so it is held to the same. */
function checkedReconcile({ reconcile, tool }: Target, { definition }: GateServer): Reconcile | undefined {
  if (reconcile === undefined || tool === undefined) return undefined;
  const check = compileResultCheck(tool, definition.limits);
  return async (attempt) => {
    const found = await reconcile(attempt);
    return found.outcome === 'done' ? { ...found, result: check(found.result) } : found;
  };
}

/** The column's length (governance §7). */
const OPERATION_LENGTH_MAX = 100;

/** Tools of two servers are two operations, also where they have one name. */
function operationName(slug: string, tool: string): string {
  const name = `${slug}/${tool}`;
  if (name.length <= OPERATION_LENGTH_MAX) return name;
  const hash = canonicalHash(name).slice(0, 16);
  return `${name.slice(0, OPERATION_LENGTH_MAX - hash.length - 1)}~${hash}`;
}

function demandsApproval(target: Target, server: GateServer): boolean {
  return server.definition.tools.find(({ name }) => name === target.name)?.approval?.required === true;
}

/** The answer as it was, marked. */
function asReplay(operation: Operation, outcome: Outcome): Outcome {
  operation.answerHeaders[REPLAYED_HEADER] = 'true';
  if (!outcome.ok) return { ok: false, error: markedError(outcome.error) };
  const { result } = outcome;
  // A route's answer has no place for it but the header.
  if (operation.kind === 'route' || typeof result !== 'object' || result === null) return outcome;
  const meta = '_meta' in result && typeof result._meta === 'object' ? result._meta : undefined;
  return { ok: true, result: { ...result, _meta: { ...meta, [REPLAYED_META]: true } } };
}

function markedError(error: Error): Error {
  if (!(error instanceof QuaysideError)) return error;
  const { code, message, data } = error;
  return new QuaysideError(code, { message, data: { ...data, [REPLAYED_META]: true } });
}

// Pins: the definition of an upstream's tool as it was let in. One that changes, or that comes later, waits for a person
// (spec servers §2.4). What an upstream lists when it is met first is let in.
import { QuaysideError } from '../../errors.ts';
import type { AuditEvent, AuditLog } from '../../gate/audit/audit.ts';
import { canonicalHash } from '../../gate/canonical-json.ts';
import { DEFAULT_TENANT } from '../../gate/tenant/tenant.ts';
import type { Step, Store } from '../../store/store.ts';
import type { UpstreamTool } from '../catalogue.ts';
import { diffLines } from './diff.ts';
import { approvePin, findPins, insertPin, listPins, type PinRow, seePin } from './statements.ts';

/** Which upstream of which server. */
export interface PinPlace {
  readonly server: string;
  readonly upstream: string;
}

/** `changed`: another definition than the approved one; `new`: never approved. Both are withheld. */
export type PinState = 'approved' | 'changed' | 'new';

/** A tool as people see it. */
export interface PinnedTool extends PinPlace {
  readonly tool: string;
  readonly state: PinState;
  /** Of what the upstream lists now: what an approval is about. */
  readonly hash: string;
  /** Lines that begin with `+`, `-` or two blanks; empty where nothing differs. */
  readonly diff: readonly string[];
  /** Epoch milliseconds. */
  readonly seenAt: number;
  readonly decidedAt?: number;
  readonly decidedBy?: string;
}

/** Who approves: a caller with `admin:upstreams`, or the operator at the command line. */
export interface PinDecider {
  readonly id: string;
  readonly requestId?: string;
  readonly ipAddress?: string;
}

/** What was let in of upstreams, and who lets in more. */
export interface Pins {
  /** What was approved of an upstream; for serving it before it is reached. */
  approved(place: PinPlace): Promise<readonly UpstreamTool[]>;
  /** Notes what an upstream lists now, and says of each tool by name whether it may be offered. */
  judge(place: PinPlace, tools: readonly UpstreamTool[]): Promise<ReadonlyMap<string, PinState>>;
  /** Every known tool, at most 5,000. */
  list(): Promise<readonly PinnedTool[]>;
  /** Throws `not_found`, and `conflict` where `hash` is not that of what is listed now. */
  approve(
    which: PinPlace & { readonly tool: string; readonly hash: string },
    by: PinDecider,
  ): Promise<PinnedTool>;
  /** Told when somebody, in any process, has approved something. Returns the way to stop. */
  watch(changed: () => void): () => void;
}

export interface PinsDeps {
  readonly store: Store;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Absent: nothing is recorded. */
  readonly audit?: AuditLog;
}

const TOPIC = 'upstreams';
const LIST_MAX = 5000;

/** Over a store; the same for the server, its routes and the command line. */
export function createPins(deps: PinsDeps): Pins {
  const { store, now } = deps;
  return {
    async approved({ server, upstream }) {
      const rows = await store.read('system', findPins, { server, upstream });
      return rows.flatMap(({ approved }) => (approved === null ? [] : [parseTool(approved)]));
    },
    async judge(place, tools) {
      const { server, upstream } = place;
      const rows = await store.read('system', findPins, { server, upstream });
      const known = new Map(rows.map((row) => [row.tool, row]));
      const isFirst = rows.length === 0;
      const steps = tools.flatMap((tool) =>
        stepOf(place, tool, { row: known.get(tool.name), isFirst, now: now() }),
      );
      if (steps.length === 0) return statesOf(rows, tools);
      await store.write('system', steps);
      const after = await store.read('system', findPins, { server, upstream });
      for (const row of after) {
        const before = known.get(row.tool);
        const isWithheld = stateOf(row) !== 'approved' && row.seen_hash !== before?.seen_hash;
        if (isWithheld) deps.audit?.record(withheldEvent(row));
      }
      return statesOf(after, tools);
    },
    async list() {
      return (await store.read('system', listPins, { most: LIST_MAX })).map(present);
    },
    async approve({ server, upstream, tool, hash }, by) {
      const find = async () =>
        (await store.read('system', findPins, { server, upstream })).find((row) => row.tool === tool);
      const before = await find();
      if (before === undefined)
        throw new QuaysideError('not_found', { message: 'No upstream has listed a tool of this name.' });
      if (before.seen_hash !== hash) throw changedAgain(before);
      const values = { server, upstream, tool, seen_hash: hash, now: now(), decided_by: by.id };
      const [approved] = await store.write('system', [
        { statement: approvePin, values },
        store.announce(TOPIC),
      ]);
      const after = (await find()) ?? before;
      if (approved?.changes !== 1) throw changedAgain(after);
      await deps.audit?.commit(approvedEvent(before, by));
      return present(after);
    },
    watch: (changed) => store.watch(TOPIC, changed),
  };
}

function stepOf(
  { server, upstream }: PinPlace,
  tool: UpstreamTool,
  known: { readonly row: PinRow | undefined; readonly isFirst: boolean; readonly now: number },
): Step[] {
  const seen_hash = canonicalHash(tool);
  const values = { server, upstream, tool: tool.name, seen_hash, seen: JSON.stringify(tool), now: known.now };
  if (known.row === undefined) {
    const approval = known.isFirst
      ? { approved_hash: seen_hash, approved: values.seen }
      : { approved_hash: null, approved: null };
    return [{ statement: insertPin, values: { ...values, ...approval } }];
  }
  return known.row.seen_hash === seen_hash ? [] : [{ statement: seePin, values }];
}

/** By what this very list holds, whatever another process has seen meanwhile. */
function statesOf(rows: readonly PinRow[], tools: readonly UpstreamTool[]): ReadonlyMap<string, PinState> {
  const known = new Map(rows.map((row) => [row.tool, row]));
  return new Map(
    tools.map((tool) => {
      const approved = known.get(tool.name)?.approved_hash ?? undefined;
      if (approved === undefined) return [tool.name, 'new'];
      return [tool.name, approved === canonicalHash(tool) ? 'approved' : 'changed'];
    }),
  );
}

function stateOf({ approved_hash, seen_hash }: PinRow): PinState {
  if (approved_hash === null) return 'new';
  return approved_hash === seen_hash ? 'approved' : 'changed';
}

function present(row: PinRow): PinnedTool {
  const state = stateOf(row);
  const before = row.approved === null ? [] : linesOf(row.approved);
  return {
    server: row.server,
    upstream: row.upstream,
    tool: row.tool,
    state,
    hash: row.seen_hash,
    diff: state === 'approved' ? [] : diffLines(before, linesOf(row.seen)),
    seenAt: Number(row.seen_at),
    ...(row.decided_at === null ? {} : { decidedAt: Number(row.decided_at) }),
    ...(row.decided_by === null ? {} : { decidedBy: row.decided_by }),
  };
}

function linesOf(tool: string): readonly string[] {
  return JSON.stringify(JSON.parse(tool), null, 2).split('\n');
}

/** Written by this part from an UpstreamTool. */
function parseTool(text: string): UpstreamTool {
  return JSON.parse(text);
}

function changedAgain(row: PinRow): QuaysideError {
  return new QuaysideError('conflict', {
    message: 'The upstream lists another definition by now than the one to be approved; look at it again.',
    data: { hash: row.seen_hash },
  });
}

function withheldEvent(row: PinRow): AuditEvent {
  const before = row.approved === null ? {} : { before: parseTool(row.approved) };
  return {
    eventType: 'upstream.tool_withheld',
    result: 'warning',
    tenantId: DEFAULT_TENANT,
    action: 'withhold',
    ...resourceOf(row),
    changes: { ...before, after: parseTool(row.seen) },
  };
}

function approvedEvent(row: PinRow, by: PinDecider): AuditEvent {
  const before = row.approved === null ? {} : { before: parseTool(row.approved) };
  return {
    eventType: 'upstream.tool_approved',
    result: 'success',
    tenantId: DEFAULT_TENANT,
    action: 'approve',
    ...resourceOf(row),
    changes: { ...before, after: parseTool(row.seen) },
    ...(by.requestId === undefined ? {} : { requestId: by.requestId }),
    ...(by.ipAddress === undefined ? {} : { ipAddress: by.ipAddress }),
    metadata: { decided_by: by.id, hash: row.seen_hash },
  };
}

function resourceOf({ server, upstream, tool }: PinRow) {
  return { resourceType: 'upstream_tool', resourceId: `${server}/${upstream}/${tool}` } as const;
}

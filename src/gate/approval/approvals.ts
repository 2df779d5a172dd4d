// Approvals: a person lets one call of one caller with one set of arguments happen once (spec servers §2.2).
import { randomUUID } from 'node:crypto';
import { QuaysideError } from '../../errors.ts';
import type { Store } from '../../store/store.ts';
import type { JsonObject, Operation, Principal } from '../../tool.ts';
import type { AuditEvent, AuditLog } from '../audit/audit.ts';
import { canonicalHash } from '../canonical-json.ts';
import {
  type ApprovalRow,
  type ApprovalStatus,
  decideApproval,
  expireApproval,
  findApproval,
  findOpenApproval,
  giveBackApproval,
  listApprovals,
  removeOldApprovals,
  requestApproval,
  useApproval,
} from './statements.ts';

/** An approval as people see it. */
export interface Approval {
  readonly id: string;
  /** Such as `shop/delete_order`. */
  readonly operation: string;
  readonly status: ApprovalStatus;
  readonly requester: string;
  /** As they were sent, without secrets. */
  readonly arguments: unknown;
  readonly requestId: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly decidedBy?: string;
  readonly decidedAt?: number;
}

/** Who decides: a caller with `admin:approvals`, or the operator at the command line. */
export interface Decider {
  readonly tenantId: string;
  /** As {@link principalKey} writes it, or `cli:<user>`. */
  readonly id: string;
  readonly name: string;
  readonly requestId?: string;
  readonly ipAddress?: string;
}

/** A call that needs an approval. */
export interface ApprovableCall {
  readonly operation: string;
  readonly toolName: string;
  readonly ttlMs: number;
  readonly byRequester: boolean;
  readonly call: Operation;
}

/** Asked by the gate, by routes and by the command line. */
export interface Approvals {
  /** The id of the approval that now is used up, or undefined where none is granted for this call. */
  use(call: ApprovableCall, handle: string | undefined): Promise<string | undefined>;
  giveBack(tenantId: string, id: string): Promise<void>;
  /** The open request of this call; made where there is none. */
  request(call: ApprovableCall): Promise<Approval>;
  /** Undefined where the handle is of no approval of this very call. */
  find(call: ApprovableCall, handle: string): Promise<Approval | undefined>;
  /** Newest first, of the last 30 days, at most 500. */
  list(tenantId: string, status?: ApprovalStatus): Promise<readonly Approval[]>;
  /** Throws `not_found`, `forbidden` for the requester itself, and `conflict` where it is decided or expired. */
  decide(id: string, decision: 'granted' | 'denied', by: Decider): Promise<Approval>;
}

export interface ApprovalsDeps {
  readonly store: Store;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Takes secrets out of arguments before anybody sees them. */
  readonly redact: (value: unknown) => unknown;
  /** Absent: nothing is recorded. */
  readonly audit?: AuditLog;
}

/** Longer arguments are named by their size only: the list is for reading. */
const ARGUMENTS_LENGTH_MAX = 64 * 1024;
const LIST_MAX = 500;
const DAY_MS = 24 * 3_600_000;
/** How long an approval is shown, and its row kept, after it ended. */
const KEEP_MS = 30 * DAY_MS;

/** Opens the approvals of a store; the same for the server, its routes and the command line. */
export function createApprovals(deps: ApprovalsDeps): Approvals {
  const { store, now } = deps;
  const read = async (tenantId: string, id: string): Promise<ApprovalRow | undefined> => {
    const [row] = await store.read({ tenant: tenantId }, findApproval, { id });
    return row;
  };
  return {
    async use(approvable, handle) {
      const { call } = approvable;
      const values = {
        binding: bindingOf(approvable),
        now: now(),
        id: handle ?? '',
        any: handle === undefined ? 1 : 0,
      };
      const [used] = await store.write({ tenant: call.principal.tenantId }, [
        { statement: useApproval, values },
      ]);
      const id = used?.rows[0]?.id;
      return typeof id === 'string' ? id : undefined;
    },
    async giveBack(tenantId, id) {
      await store.write({ tenant: tenantId }, [{ statement: giveBackApproval, values: { id, now: now() } }]);
    },
    request: (approvable) => request(deps, approvable),
    async find(approvable, handle) {
      const row = await read(approvable.call.principal.tenantId, handle);
      return row?.binding === bindingOf(approvable) ? present(row, now()) : undefined;
    },
    async list(tenantId, status) {
      const rows = await store.read({ tenant: tenantId }, listApprovals, {
        since: now() - KEEP_MS,
        most: LIST_MAX,
      });
      const all = rows.map((row) => present(row, now()));
      return status === undefined ? all : all.filter((approval) => approval.status === status);
    },
    async decide(id, decision, by) {
      const row = await read(by.tenantId, id);
      if (row === undefined)
        throw new QuaysideError('not_found', { message: 'There is no approval of this id.' });
      if (row.requester === by.id && Number(row.by_requester) !== 1) {
        throw new QuaysideError('forbidden', {
          message:
            'Who made a call cannot confirm it; somebody else has to, or the tool says approval.byRequester.',
        });
      }
      const [decided] = await store.write({ tenant: by.tenantId }, [
        { statement: decideApproval, values: { id, status: decision, decided_by: by.id, now: now() } },
      ]);
      const after = present((await read(by.tenantId, id)) ?? row, now());
      if (decided?.changes !== 1) {
        throw new QuaysideError('conflict', {
          message: `The approval is ${after.status}; only a pending one can be decided.`,
          data: { status: after.status },
        });
      }
      await deps.audit?.commit(decisionEvent(after, decision, by));
      return after;
    },
  };
}

/** Removes what nobody asks for any more; resolves with how many. For an hourly job. */
export async function removeOldRequests(store: Store, now: number): Promise<number> {
  const [removed] = await store.write('system', [
    { statement: removeOldApprovals, values: { before: now - KEEP_MS } },
  ]);
  return removed?.changes ?? 0;
}

/** A principal as one text, the same in every process. */
export function principalKey({ type, id }: Pick<Principal, 'type' | 'id'>): string {
  return `${type}:${id}`;
}

async function request(deps: ApprovalsDeps, approvable: ApprovableCall): Promise<Approval> {
  const { store, now, audit } = deps;
  const { call, operation, ttlMs, byRequester } = approvable;
  const scope = { tenant: call.principal.tenantId };
  const binding = bindingOf(approvable);
  for (;;) {
    const time = now();
    const id = randomUUID();
    const values = {
      id,
      now: time,
      operation,
      binding,
      requester: principalKey(call.principal),
      requester_name: call.principal.name,
      arguments: shownArguments(deps, call.args),
      by_requester: byRequester ? 1 : 0,
      expires_at: time + ttlMs,
      request_id: call.requestId,
    };
    await store.write(scope, [
      { statement: expireApproval, values: { binding, now: time } },
      { statement: requestApproval, values },
    ]);
    const [row] = await store.read(scope, findOpenApproval, { binding });
    // Used or denied between the two: the next round makes a new one.
    if (row === undefined) continue;
    if (row.id === id) await audit?.commit(requestEvent(approvable, id));
    return present(row, time);
  }
}

/** What is approved is this call: another caller, tool or argument needs an approval of its own. */
function bindingOf({ operation, call }: ApprovableCall): string {
  const { tenantId } = call.principal;
  return canonicalHash([tenantId, operation, call.args, principalKey(call.principal)]);
}

function shownArguments({ redact }: ApprovalsDeps, args: JsonObject): string {
  const text = JSON.stringify(redact(args));
  return text.length <= ARGUMENTS_LENGTH_MAX
    ? text
    : JSON.stringify({ omitted: `${text.length} characters` });
}

function present(row: ApprovalRow, now: number): Approval {
  const expiresAt = Number(row.expires_at);
  const isOver = (row.status === 'pending' || row.status === 'granted') && expiresAt <= now;
  return {
    id: row.id,
    operation: row.operation,
    status: isOver ? 'expired' : row.status,
    requester: row.requester,
    arguments: JSON.parse(row.arguments),
    requestId: row.request_id,
    createdAt: Number(row.created_at),
    expiresAt,
    ...(row.decided_by === null ? {} : { decidedBy: row.decided_by }),
    ...(row.decided_at === null ? {} : { decidedAt: Number(row.decided_at) }),
  };
}

function requestEvent({ call, toolName }: ApprovableCall, id: string): AuditEvent {
  return {
    eventType: 'approval.requested',
    result: 'success',
    tenantId: call.principal.tenantId,
    action: 'request',
    resourceType: 'approval',
    resourceId: id,
    toolName,
    requestId: call.requestId,
    ipAddress: call.clientAddress,
    argumentsHash: canonicalHash(call.args),
    metadata: { principal: principalKey(call.principal) },
  };
}

function decisionEvent(approval: Approval, decision: 'granted' | 'denied', by: Decider): AuditEvent {
  return {
    eventType: `approval.${decision}`,
    result: 'success',
    tenantId: by.tenantId,
    action: decision === 'granted' ? 'grant' : 'deny',
    resourceType: 'approval',
    resourceId: approval.id,
    changes: { before: { status: 'pending' }, after: { status: approval.status } },
    ...(by.requestId === undefined ? {} : { requestId: by.requestId }),
    ...(by.ipAddress === undefined ? {} : { ipAddress: by.ipAddress }),
    metadata: { operation: approval.operation, requester: approval.requester, decided_by: by.id },
  };
}

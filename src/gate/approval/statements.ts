// What the gate asks and tells the store about approvals.
import { systemStatement, tenantStatement } from '../../store/statement.ts';

export const APPROVAL_STATUSES = ['pending', 'granted', 'denied', 'used', 'expired'] as const;
/** `granted` runs once and is `used` then. */
export type ApprovalStatus = (typeof APPROVAL_STATUSES)[number];

/** One row as it is read. Times are epoch milliseconds, `by_requester` is 0 or 1. */
export interface ApprovalRow {
  readonly id: string;
  readonly created_at: number;
  readonly operation: string;
  readonly binding: string;
  readonly requester: string;
  readonly requester_name: string;
  readonly arguments: string;
  readonly status: ApprovalStatus;
  readonly by_requester: number;
  readonly decided_by: string | null;
  readonly decided_at: number | null;
  readonly expires_at: number;
  readonly request_id: string;
}

const COLUMNS = `id, created_at, operation, binding, requester, requester_name, arguments, status, by_requester,
  decided_by, decided_at, expires_at, request_id`;

/** One open request per call: who asks again gets the one that is there. */
export const requestApproval = tenantStatement(
  'approvals.request',
  `INSERT INTO approvals
     (id, created_at, updated_at, tenant_id, operation, binding, requester, requester_name, arguments, status,
      by_requester, expires_at, request_id)
   VALUES (:id, :now, :now, :tenant, :operation, :binding, :requester, :requester_name, :arguments, 'pending',
      :by_requester, :expires_at, :request_id)
   ON CONFLICT DO NOTHING`,
);

/** An expired request makes room for a new one of the same call. */
export const expireApproval = tenantStatement(
  'approvals.expire',
  `UPDATE approvals SET status = 'expired', updated_at = :now
   WHERE tenant_id = :tenant AND binding = :binding AND status IN ('pending', 'granted') AND expires_at <= :now`,
);

export const findApproval = tenantStatement<ApprovalRow>(
  'approvals.find',
  `SELECT ${COLUMNS} FROM approvals WHERE tenant_id = :tenant AND id = :id`,
);

export const findOpenApproval = tenantStatement<ApprovalRow>(
  'approvals.findOpen',
  `SELECT ${COLUMNS} FROM approvals
   WHERE tenant_id = :tenant AND binding = :binding AND status IN ('pending', 'granted')`,
);

export const listApprovals = tenantStatement<ApprovalRow>(
  'approvals.list',
  `SELECT ${COLUMNS} FROM approvals
   WHERE tenant_id = :tenant AND created_at >= :since ORDER BY created_at DESC, id LIMIT :most`,
);

/** Of all who use it at once, one succeeds. `id` is empty where the call itself is all that the caller shows. */
export const useApproval = tenantStatement<{ readonly id: string }>(
  'approvals.use',
  `UPDATE approvals SET status = 'used', updated_at = :now
   WHERE tenant_id = :tenant AND binding = :binding AND status = 'granted' AND expires_at > :now
     AND (id = :id OR :any = 1)
   RETURNING id`,
);

/** The call asked its client something and begins again: it has not been made yet. */
export const giveBackApproval = tenantStatement(
  'approvals.giveBack',
  `UPDATE approvals SET status = 'granted', updated_at = :now
   WHERE tenant_id = :tenant AND id = :id AND status = 'used'`,
);

/** Whoever decides first decides. A grant holds as long as the request could wait. */
export const decideApproval = tenantStatement(
  'approvals.decide',
  `UPDATE approvals
   SET status = :status, decided_by = :decided_by, decided_at = :now, updated_at = :now,
       expires_at = :now + (expires_at - created_at)
   WHERE tenant_id = :tenant AND id = :id AND status = 'pending' AND expires_at > :now`,
);

/** For the hourly clean-up. */
export const removeOldApprovals = systemStatement(
  'approvals.removeOld',
  'DELETE FROM approvals WHERE expires_at <= :before',
);

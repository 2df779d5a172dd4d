// Approvals over REST, for whoever may decide: `admin:approvals`, in their own tenant.
import { QuaysideError } from '../../errors.ts';
import type { Route, RouteRequest } from '../../route.ts';
import type { JsonObject } from '../../tool.ts';
import { APPROVAL_ANSWER, APPROVALS_ANSWER } from './approval-answers.ts';
import { type Approval, type Approvals, type Decider, principalKey } from './approvals.ts';
import { APPROVAL_STATUSES } from './statements.ts';

const ADMIN = { access: 'permission', permission: { anyOf: ['admin:approvals'], allOf: [] } } as const;
const NO_BODY = { type: 'object', additionalProperties: false };
const ID = {
  type: 'object',
  properties: { id: { type: 'string', minLength: 1, maxLength: 64 } },
  required: ['id'],
};
const QUERY = {
  type: 'object',
  properties: { status: { type: 'string', enum: APPROVAL_STATUSES } },
  additionalProperties: false,
};

/** List, grant and deny. */
export function approvalRoutes(approvals: Approvals): readonly Route[] {
  const decision = (word: 'grant' | 'deny', status: 'granted' | 'denied'): Route => ({
    ...ADMIN,
    method: 'POST',
    path: `/api/v1/approvals/:id/${word}`,
    summary: word === 'grant' ? 'Lets the call happen once.' : 'Keeps the call from happening.',
    schema: { params: ID, body: NO_BODY, answer: APPROVAL_ANSWER },
    async handle(request) {
      const decided = await approvals.decide(request.params.id ?? '', status, deciderOf(request));
      return { status: 200, body: presentApproval(decided) };
    },
  });
  return [
    {
      ...ADMIN,
      method: 'GET',
      path: '/api/v1/approvals',
      summary: 'Calls that wait for a person, and what became of earlier ones.',
      schema: { query: QUERY, answer: APPROVALS_ANSWER },
      async handle(request) {
        const status = APPROVAL_STATUSES.find((known) => known === request.query.status);
        const found = await approvals.list(deciderOf(request).tenantId, status);
        return { status: 200, body: { approvals: found.map(presentApproval) } };
      },
    },
    decision('grant', 'granted'),
    decision('deny', 'denied'),
  ];
}

/** An approval as REST and the command line show it. */
export function presentApproval(approval: Approval): JsonObject {
  const { requestId, createdAt, expiresAt, decidedBy, decidedAt, ...rest } = approval;
  return {
    ...rest,
    request_id: requestId,
    created_at: new Date(createdAt).toISOString(),
    expires_at: new Date(expiresAt).toISOString(),
    ...(decidedBy === undefined ? {} : { decided_by: decidedBy }),
    ...(decidedAt === undefined ? {} : { decided_at: new Date(decidedAt).toISOString() }),
  };
}

/** These routes are never public, so there is always a principal. */
function deciderOf({ principal, requestId, clientAddress }: RouteRequest): Decider {
  if (principal === undefined) throw new QuaysideError('unauthenticated');
  return {
    tenantId: principal.tenantId,
    id: principalKey(principal),
    name: principal.name,
    requestId,
    ipAddress: clientAddress,
  };
}

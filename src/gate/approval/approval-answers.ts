// JSON Schemas of what the routes of approvals answer, for the published description.
import type { JsonObject } from '../../tool.ts';
import { APPROVAL_STATUSES } from './statements.ts';

const TIME = { type: 'string', format: 'date-time' };

/** One approval. */
export const APPROVAL_ANSWER: JsonObject = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    operation: { type: 'string', description: 'Such as `shop/delete_order`.' },
    status: { type: 'string', enum: APPROVAL_STATUSES },
    requester: { type: 'string' },
    arguments: { description: 'As they were sent, without secrets.' },
    request_id: { type: 'string' },
    created_at: TIME,
    expires_at: TIME,
    decided_by: { type: 'string' },
    decided_at: TIME,
  },
  required: ['id', 'operation', 'status', 'requester', 'arguments', 'request_id', 'created_at', 'expires_at'],
  additionalProperties: false,
};

/** All of the last 30 days. */
export const APPROVALS_ANSWER: JsonObject = {
  type: 'object',
  properties: { approvals: { type: 'array', items: APPROVAL_ANSWER } },
  required: ['approvals'],
  additionalProperties: false,
};

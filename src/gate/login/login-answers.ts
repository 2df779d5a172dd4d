// JSON Schemas of what the doors of local login answer, for the published description.
import type { JsonObject } from '../../tool.ts';

const TIME = { type: 'string', format: 'date-time' };
const TEXT = { type: 'string' };
const TEXTS = { type: 'array', items: TEXT };

/** An account, never with its password. */
export const ACCOUNT_ANSWER: JsonObject = {
  type: 'object',
  properties: {
    id: TEXT,
    tenant_id: TEXT,
    email: TEXT,
    name: TEXT,
    roles: TEXTS,
    permissions: TEXTS,
    enabled: { type: 'boolean' },
    created_at: TIME,
  },
  required: ['id', 'tenant_id', 'email', 'roles', 'permissions', 'enabled', 'created_at'],
  additionalProperties: false,
};

/** A pair of tokens (RFC 6749 §5.1) and whose it is. */
export const PAIR_ANSWER: JsonObject = {
  type: 'object',
  properties: {
    access_token: TEXT,
    token_type: { const: 'Bearer' },
    expires_in: { type: 'number', description: 'Seconds.' },
    refresh_token: TEXT,
    user: ACCOUNT_ANSWER,
  },
  required: ['access_token', 'token_type', 'expires_in', 'refresh_token', 'user'],
  additionalProperties: false,
};

/** An invitation, shown this once. */
export const INVITATION_ANSWER: JsonObject = {
  type: 'object',
  properties: { invitation: TEXT, email: TEXT, expires_at: TIME },
  required: ['invitation', 'email', 'expires_at'],
  additionalProperties: false,
};

/** Who calls; the last three where the issuer of a token tells them. */
export const ME_ANSWER: JsonObject = {
  type: 'object',
  properties: {
    type: { type: 'string', enum: ['key', 'token', 'anonymous', 'local'] },
    id: TEXT,
    user_id: TEXT,
    tenant_id: TEXT,
    roles: TEXTS,
    permissions: TEXTS,
    name: TEXT,
    email: TEXT,
    picture: TEXT,
  },
  required: ['type', 'id', 'tenant_id', 'roles', 'permissions'],
  additionalProperties: false,
};

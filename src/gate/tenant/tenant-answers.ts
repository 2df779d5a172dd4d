// JSON Schemas of what the routes of tenants answer, for the published description.
import type { JsonObject } from '../../tool.ts';

const TIME = { type: 'string', format: 'date-time' };

/** One tenant. */
export const TENANT_ANSWER: JsonObject = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    name: { type: 'string' },
    slug: { type: 'string' },
    contact_email: { type: ['string', 'null'] },
    is_active: { type: 'boolean' },
    settings: { type: 'object' },
    created_at: TIME,
    updated_at: TIME,
  },
  required: ['id', 'name', 'slug', 'contact_email', 'is_active', 'settings', 'created_at', 'updated_at'],
  additionalProperties: false,
};

/** All that the caller may see. */
export const TENANTS_ANSWER: JsonObject = {
  type: 'object',
  properties: { tenants: { type: 'array', items: TENANT_ANSWER } },
  required: ['tenants'],
  additionalProperties: false,
};

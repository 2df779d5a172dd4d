// JSON Schema of what the route of the log answers, for the published description.
import type { JsonObject } from '../../tool.ts';

const TEXT = { type: 'string' };
const TIME = { type: 'string', format: 'date-time' };
const TEXT_OR_NULL = { type: ['string', 'null'] };
const HASH = { type: 'string', description: 'SHA-256 in hex.' };
/** Kept as JSON text; whatever it holds is shown. */
const ANY = {};

const RECORD_PROPERTIES = {
  id: TEXT,
  seq: { type: 'integer', minimum: 1, description: 'Without gaps in the chain of one writer and tenant.' },
  writer: TEXT,
  created_at: TIME,
  updated_at: TIME,
  tenant_id: TEXT,
  user_id: TEXT_OR_NULL,
  action: TEXT,
  resource_type: TEXT,
  resource_id: TEXT_OR_NULL,
  changes: ANY,
  request_id: TEXT_OR_NULL,
  ip_address: TEXT_OR_NULL,
  user_agent: TEXT_OR_NULL,
  metadata: ANY,
  event_type: TEXT,
  result: TEXT,
  session_id: TEXT_OR_NULL,
  api_key_name: TEXT_OR_NULL,
  tool_name: TEXT_OR_NULL,
  permissions: ANY,
  duration_ms: { type: ['number', 'null'] },
  arguments_hash: TEXT_OR_NULL,
  prev_hash: HASH,
  hash: HASH,
};

/** A page of records. */
export const AUDIT_ANSWER: JsonObject = {
  type: 'object',
  properties: {
    records: {
      type: 'array',
      items: {
        type: 'object',
        properties: RECORD_PROPERTIES,
        required: Object.keys(RECORD_PROPERTIES),
        additionalProperties: false,
      },
    },
    cursor: { type: 'string', description: 'Of the next page; absent on the last.' },
  },
  required: ['records'],
  additionalProperties: false,
};

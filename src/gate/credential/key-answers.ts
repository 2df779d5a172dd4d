// JSON Schemas of what the routes of keys answer, for the published description.
import type { JsonObject } from '../../tool.ts';

const TIME = { type: 'string', format: 'date-time' };
const TIME_OR_NULL = { anyOf: [TIME, { type: 'null' }] };
const TEXT_OR_NULL = { type: ['string', 'null'] };
const TEXTS = { type: 'array', items: { type: 'string' } };

const SHOWN = {
  id: { type: 'string' },
  name: { type: 'string' },
  state: { type: 'string', enum: ['valid', 'revoked', 'disabled', 'expired', 'not_yet_valid'] },
  permissions: { anyOf: [TEXTS, { type: 'null' }] },
  roles: TEXTS,
  rateLimit: {
    anyOf: [
      {
        type: 'object',
        properties: { window: { type: 'integer' }, maxRequests: { type: 'integer' } },
        required: ['window', 'maxRequests'],
        additionalProperties: false,
      },
      { type: 'null' },
    ],
  },
  tier: TEXT_OR_NULL,
  enabled: { type: 'boolean' },
  expiresAt: TIME_OR_NULL,
  notBefore: TIME_OR_NULL,
  tenant_id: { type: 'string' },
  tenant_ids: TEXTS,
  allowedIps: TEXTS,
  created_by: TEXT_OR_NULL,
  created_at: TIME,
  last_used_at: TIME_OR_NULL,
  rotated_from: TEXT_OR_NULL,
  revoked_at: TIME_OR_NULL,
};
const KEY = { type: 'string', description: 'Shown this once.' };

/** One key, without the key itself. */
export const KEY_ANSWER: JsonObject = closed(SHOWN);

/** The keys of the tenant. */
export const KEYS_ANSWER: JsonObject = closed({ keys: { type: 'array', items: KEY_ANSWER } });

/** A key that was just made. */
export const NEW_KEY_ANSWER: JsonObject = closed({ ...SHOWN, key: KEY });

/** A key that was just made in place of another. */
export const ROTATED_ANSWER: JsonObject = closed({ ...SHOWN, key: KEY, previous: KEY_ANSWER });

/** An object with all of these members and no others. */
function closed(properties: JsonObject): JsonObject {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

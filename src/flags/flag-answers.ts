// JSON Schemas of what the routes of flags take and answer, for the published description.
import {
  FLAG_DESCRIPTION_LENGTH_MAX,
  FLAG_ENTRY_LENGTH_MAX,
  FLAG_KEY_LENGTH_MAX,
  FLAG_LIST_MAX,
  FLAG_TYPES,
  PERCENT_OF,
} from '../definition/schema/flags.ts';
import type { JsonObject } from '../tool.ts';

const LIST = {
  type: 'array',
  items: { type: 'string', minLength: 1, maxLength: FLAG_ENTRY_LENGTH_MAX },
  maxItems: FLAG_LIST_MAX,
};
const SETTINGS = {
  type: { enum: FLAG_TYPES },
  description: { type: 'string', maxLength: FLAG_DESCRIPTION_LENGTH_MAX },
  enabled: { type: 'boolean' },
  percent: { type: ['integer', 'null'], minimum: 0, maximum: 100 },
  percent_of: { enum: PERCENT_OF },
  tenants: LIST,
  users: LIST,
  keys: LIST,
  environments: LIST,
  default: { type: 'boolean' },
};

export const FLAG_PARAMS: JsonObject = {
  type: 'object',
  properties: { key: { type: 'string', minLength: 1, maxLength: FLAG_KEY_LENGTH_MAX } },
  required: ['key'],
};

/** Any of them. */
export const FLAG_BODY: JsonObject = {
  type: 'object',
  properties: SETTINGS,
  additionalProperties: false,
};

export const FLAG_ANSWER: JsonObject = {
  type: 'object',
  properties: {
    key: { type: 'string' },
    ...SETTINGS,
    source: { enum: ['shipped', 'definition', 'stored'] },
    updated_at: { type: ['string', 'null'], format: 'date-time' },
    updated_by: { type: ['string', 'null'] },
  },
  required: ['key', ...Object.keys(SETTINGS), 'source', 'updated_at', 'updated_by'],
  additionalProperties: false,
};

export const FLAGS_ANSWER: JsonObject = {
  type: 'object',
  properties: { flags: { type: 'array', items: FLAG_ANSWER } },
  required: ['flags'],
  additionalProperties: false,
};

const NAME = { type: 'string', minLength: 1, maxLength: FLAG_ENTRY_LENGTH_MAX };

/** Whom the flag is asked for; without any of them the caller's own tenant. */
export const SUBJECT_QUERY: JsonObject = {
  type: 'object',
  properties: { tenant: NAME, user: NAME, key: NAME },
  additionalProperties: false,
};

export const VALUE_ANSWER: JsonObject = {
  type: 'object',
  properties: {
    key: { type: 'string' },
    value: { type: 'boolean' },
    reason: { enum: ['DISABLED', 'TARGETING_MATCH', 'SPLIT', 'DEFAULT', 'REMOTE'] },
  },
  required: ['key', 'value', 'reason'],
  additionalProperties: false,
};

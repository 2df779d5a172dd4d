// JSON Schema of an explanation, for the published description.
import type { JsonObject } from '../../tool.ts';

const CHECK = {
  type: 'object',
  properties: {
    check: { type: 'string', enum: ['ip_allowlist', 'credential', 'tenant', 'permission'] },
    allowed: { type: 'boolean' },
    rule: {
      type: 'string',
      enum: ['deny', 'grant', 'inheritance', 'default', 'role', 'none', 'address', 'credential', 'tenant'],
    },
    text: { type: 'string', description: 'One sentence naming the entry that decided.' },
  },
  required: ['check', 'allowed', 'rule', 'text'],
  additionalProperties: false,
};

/** `/api/v1/explain`. */
export const EXPLAIN_ANSWER: JsonObject = {
  type: 'object',
  properties: {
    server: { type: 'string' },
    tool: { type: 'string' },
    caller: {
      type: 'object',
      properties: Object.fromEntries(
        ['type', 'id', 'name', 'tenant'].map((name) => [name, { type: 'string' }]),
      ),
      required: ['type', 'id', 'name', 'tenant'],
      additionalProperties: false,
    },
    allowed: { type: 'boolean' },
    decided_by: CHECK,
    checks: { type: 'array', items: CHECK },
  },
  required: ['server', 'tool', 'caller', 'allowed', 'decided_by', 'checks'],
  additionalProperties: false,
};

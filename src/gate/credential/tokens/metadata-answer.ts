// JSON Schema of the protected resource metadata (RFC 9728 §2), for the published description.
import type { JsonObject } from '../../../tool.ts';

const TEXTS = { type: 'array', items: { type: 'string' } };

/** Issuers and scopes of one resource. */
export const METADATA_ANSWER: JsonObject = {
  type: 'object',
  properties: {
    resource: { type: 'string' },
    authorization_servers: { ...TEXTS, minItems: 1 },
    scopes_supported: TEXTS,
    bearer_methods_supported: { type: 'array', items: { const: 'header' } },
    resource_name: { type: 'string' },
  },
  required: [
    'resource',
    'authorization_servers',
    'scopes_supported',
    'bearer_methods_supported',
    'resource_name',
  ],
  additionalProperties: false,
};

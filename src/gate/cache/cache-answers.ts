// JSON Schemas of what the routes of the cache answer, for the published description.
import type { JsonObject } from '../../tool.ts';

const COUNT = { type: 'integer', minimum: 0 };
const MESSAGE = { type: 'string' };

/** `/api/cache/stats`. */
export const STATS_ANSWER: JsonObject = {
  type: 'object',
  properties: {
    stats: {
      type: 'object',
      properties: {
        backend: { type: 'string', enum: ['memory', 'redis'] },
        enabled: { type: 'boolean' },
        size: COUNT,
        max_size: COUNT,
        hits: COUNT,
        misses: COUNT,
        hit_rate: { type: 'number', minimum: 0, maximum: 1 },
        total_requests: COUNT,
        evictions: COUNT,
      },
      required: [
        'backend',
        'enabled',
        'size',
        'max_size',
        'hits',
        'misses',
        'hit_rate',
        'total_requests',
        'evictions',
      ],
      additionalProperties: false,
    },
    message: MESSAGE,
  },
  required: ['stats', 'message'],
  additionalProperties: false,
};

/** `/api/cache/clear`. */
export const CLEAR_ANSWER: JsonObject = {
  type: 'object',
  properties: { cleared: COUNT, message: MESSAGE },
  required: ['cleared', 'message'],
  additionalProperties: false,
};

/** `/api/cache/key/:key`. */
export const REMOVE_ANSWER: JsonObject = {
  type: 'object',
  properties: { deleted: { type: 'boolean' }, message: MESSAGE },
  required: ['deleted', 'message'],
  additionalProperties: false,
};

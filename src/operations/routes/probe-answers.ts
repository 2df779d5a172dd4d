// JSON Schemas of what the probes and health pages answer (spec operations §1), for the published description.
import type { JsonObject } from '../../tool.ts';
import { HEALTH_STATES } from '../health/health.ts';
import { LIFECYCLE_STATES } from '../lifecycle.ts';

const STATE = { type: 'string', enum: HEALTH_STATES };

/** `/live` and `/liveness`. */
export const LIVE_ANSWER: JsonObject = {
  type: 'object',
  properties: { status: { const: 'alive' } },
  required: ['status'],
  additionalProperties: false,
};

/** `/startup`. */
export const STARTUP_ANSWER: JsonObject = {
  type: 'object',
  properties: { status: { type: 'string', enum: ['started', 'starting'] }, step: { type: 'string' } },
  required: ['status', 'step'],
  additionalProperties: false,
};

const PERCENT = { type: 'number', minimum: 0 };
const KIND_STATE = { type: 'string', enum: ['ok', 'disabled', ...HEALTH_STATES] };

/** `/ready`. */
export const READY_ANSWER: JsonObject = {
  type: 'object',
  properties: {
    status: { type: 'string', enum: [...new Set([...LIFECYCLE_STATES, 'unhealthy'])] },
    checks: { type: 'object', additionalProperties: STATE },
    database: KIND_STATE,
    redis: KIND_STATE,
    cpu_percent: { ...PERCENT, description: 'Of all cores that the process may use.' },
    memory_percent: { ...PERCENT, description: 'Of the memory that the process may use.' },
  },
  required: ['status', 'checks', 'database', 'redis', 'cpu_percent', 'memory_percent'],
  additionalProperties: false,
};

const DETAILS = {
  status: STATE,
  critical: { type: 'boolean' },
  latency_ms: { type: 'number', minimum: 0 },
  message: { type: 'string' },
  metadata: { type: 'object' },
};

/** `/health`; known callers get what `/health/detailed` says. */
export const HEALTH_ANSWER: JsonObject = {
  type: 'object',
  properties: {
    status: STATE,
    timestamp: { type: 'string', format: 'date-time' },
    uptime: { type: 'number', minimum: 0, description: 'Seconds.' },
    version: { type: 'string' },
    memory: {
      type: 'object',
      description: 'Bytes; only for known callers.',
      properties: Object.fromEntries(
        ['rss', 'heap_total', 'heap_used', 'external'].map((name) => [name, { type: 'integer' }]),
      ),
      additionalProperties: false,
    },
    checks: {
      type: 'object',
      additionalProperties: {
        type: 'object',
        properties: DETAILS,
        required: ['status'],
        additionalProperties: false,
      },
    },
  },
  required: ['status', 'timestamp', 'uptime', 'version', 'checks'],
  additionalProperties: false,
};

/** `/health/:component`. */
export const COMPONENT_ANSWER: JsonObject = {
  type: 'object',
  properties: { name: { type: 'string' }, ...DETAILS },
  required: ['name', 'status', 'critical', 'latency_ms'],
  additionalProperties: false,
};

// JSON Schemas of what the routes of jobs answer, for the published description.
import type { JsonObject } from '../tool.ts';
import { JOB_STATUSES } from './job.ts';

const TIME = { type: 'string', format: 'date-time' };

/** One job. */
export const JOB_ANSWER: JsonObject = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    kind: { type: 'string' },
    status: { type: 'string', enum: JOB_STATUSES },
    progress: { type: 'number', minimum: 0, maximum: 1 },
    attempts: { type: 'integer', minimum: 0, description: 'Runs that were begun.' },
    max_attempts: { type: 'integer', minimum: 1 },
    run_at: TIME,
    created_at: TIME,
    updated_at: TIME,
    finished_at: { anyOf: [TIME, { type: 'null' }] },
    result: { type: ['object', 'null'] },
    error: { type: ['string', 'null'], description: 'Why the last run failed.' },
  },
  required: [
    'id',
    'kind',
    'status',
    'progress',
    'attempts',
    'max_attempts',
    'run_at',
    'created_at',
    'updated_at',
    'finished_at',
    'result',
    'error',
  ],
  additionalProperties: false,
};

/** A page of jobs. */
export const JOBS_ANSWER: JsonObject = {
  type: 'object',
  properties: {
    jobs: { type: 'array', items: JOB_ANSWER },
    next_before: { type: 'string', description: '`before` of the next page; absent on the last.' },
  },
  required: ['jobs'],
  additionalProperties: false,
};

/** A cancellation: done, or asked for of a run that has not ended yet. */
export const CANCEL_ANSWER: JsonObject = {
  type: 'object',
  properties: { id: { type: 'string' }, status: { type: 'string', enum: ['cancelled', 'running'] } },
  required: ['id', 'status'],
  additionalProperties: false,
};

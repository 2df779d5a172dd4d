// Jobs over REST, each caller those of its tenant.
import { QuaysideError } from '../errors.ts';
import type { Route, RouteRequest } from '../route.ts';
import type { JsonObject } from '../tool.ts';
import { JOB_STATUSES, type Job, type JobStatus } from './job.ts';
import { CANCEL_ANSWER, JOB_ANSWER, JOBS_ANSWER } from './job-answers.ts';
import type { JobQueue } from './queue.ts';

const PAGE = 50;
const PAGE_MAX = 200;

const ADMIN_JOBS = { access: 'permission', permission: { anyOf: ['admin:jobs'], allOf: [] } } as const;

const LIST_QUERY = {
  type: 'object',
  properties: {
    status: { enum: JOB_STATUSES },
    kind: { type: 'string', maxLength: 100 },
    before: { type: 'string', maxLength: 100, description: 'Id of the last job of the page before.' },
    limit: { type: 'string', pattern: '^[0-9]{1,3}$', description: `At most ${PAGE_MAX}; default ${PAGE}.` },
  },
  additionalProperties: false,
};

const ID_PARAMS = {
  type: 'object',
  properties: { id: { type: 'string', maxLength: 100 } },
  required: ['id'],
};

/** List, look at, cancel. */
export function jobRoutes(queue: JobQueue): readonly Route[] {
  return [
    {
      ...ADMIN_JOBS,
      method: 'GET',
      path: '/api/v1/jobs',
      summary: 'Background jobs of the tenant, newest first.',
      schema: { query: LIST_QUERY, answer: JOBS_ANSWER },
      async handle({ query, principal }) {
        const limit = Math.max(1, Math.min(PAGE_MAX, Number(textOf(query.limit) ?? PAGE)));
        const status = statusOf(textOf(query.status));
        const [kind, before] = [textOf(query.kind), textOf(query.before)];
        const jobs = await queue.list(tenantOf(principal), {
          limit,
          ...(status === undefined ? {} : { status }),
          ...(kind === undefined ? {} : { kind }),
          ...(before === undefined ? {} : { before }),
        });
        const last = jobs.length === limit ? jobs.at(-1)?.id : undefined;
        return {
          status: 200,
          body: { jobs: jobs.map(present), ...(last === undefined ? {} : { next_before: last }) },
        };
      },
    },
    {
      ...ADMIN_JOBS,
      method: 'GET',
      path: '/api/v1/jobs/:id',
      summary: 'One background job.',
      schema: { params: ID_PARAMS, answer: JOB_ANSWER },
      async handle({ params, principal }) {
        const job = await queue.get(tenantOf(principal), params.id ?? '');
        if (job === undefined) throw unknown();
        return { status: 200, body: present(job) };
      },
    },
    {
      ...ADMIN_JOBS,
      method: 'DELETE',
      path: '/api/v1/jobs/:id',
      summary: 'Cancels a job: a waiting one at once, a running one when it listens.',
      schema: { params: ID_PARAMS, answer: CANCEL_ANSWER },
      statuses: [200, 202],
      async handle({ params, principal }) {
        const id = params.id ?? '';
        const found = await queue.cancel(tenantOf(principal), id);
        if (found === undefined) throw unknown();
        if (found !== 'waiting' && found !== 'running') {
          throw new QuaysideError('conflict', { message: `The job has ended already: it is ${found}.` });
        }
        return {
          status: found === 'waiting' ? 200 : 202,
          body: { id, status: found === 'waiting' ? 'cancelled' : 'running' },
        };
      },
    },
  ];
}

function present(job: Job): JsonObject {
  return {
    id: job.id,
    kind: job.kind,
    status: job.status,
    progress: job.progress,
    attempts: job.attempts,
    max_attempts: job.attemptsMax,
    run_at: timeOf(job.runAt),
    created_at: timeOf(job.createdAt),
    updated_at: timeOf(job.updatedAt),
    finished_at: job.finishedAt === null ? null : timeOf(job.finishedAt),
    result: job.result,
    error: job.error,
  };
}

function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function unknown(): QuaysideError {
  return new QuaysideError('not_found', { message: 'There is no such job.' });
}

/** The gate lets nobody in without a principal. */
function tenantOf(principal: RouteRequest['principal']): string {
  if (principal === undefined) throw new QuaysideError('unauthenticated');
  return principal.tenantId;
}

function textOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0];
}

function statusOf(text: string | undefined): JobStatus | undefined {
  return JOB_STATUSES.find((known) => known === text);
}

// The log over HTTP: pages of the caller's own tenant, and the same as a file.
import { QuaysideError } from '../../errors.ts';
import type { Route, RouteRequest } from '../../route.ts';
import { AUDIT_ANSWER } from './audit-answers.ts';
import { EXPORT_FORMATS, EXPORT_TYPES, exportHead, exportLine } from './export.ts';
import { parseQuery, presentRecord, QUERY_LIMIT_MAX, queryAudit } from './query.ts';
import type { RunningAuditLog } from './running-log.ts';
import type { AuditReading } from './source.ts';
import { FILTER_NAMES } from './statements.ts';

export interface AuditRoutesDeps {
  readonly reading: AuditReading;
  /** What was answered a moment ago must be found. */
  readonly log: Pick<RunningAuditLog, 'flush' | 'problem'>;
}

/** One answer holds this many records; the header `X-Next-Cursor` leads on. About 30 MB. */
const EXPORT_LIMIT_MAX = 50_000;
const EXPORT_LIMIT = 10_000;

const PERMISSION = { anyOf: ['admin:audit'], allOf: [] } as const;
const WORD = { type: 'string', maxLength: 512 } as const;
const QUERY = {
  from: { ...WORD, description: 'ISO 8601 or epoch milliseconds; part of the span.' },
  to: { ...WORD, description: 'ISO 8601 or epoch milliseconds; not part of the span.' },
  tenant: { ...WORD, description: "The caller's own tenant." },
  ...Object.fromEntries(FILTER_NAMES.map((name) => [name, WORD])),
  cursor: WORD,
  limit: { type: 'string', pattern: '^[0-9]{1,6}$' },
} as const;

/** `GET /api/v1/audit` and its export; permission `admin:audit`. */
export function auditRoutes(deps: AuditRoutesDeps): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/audit',
      summary: "Records of the caller's tenant, newest first.",
      access: 'permission',
      permission: PERMISSION,
      schema: {
        query: { type: 'object', properties: QUERY, additionalProperties: false },
        answer: AUDIT_ANSWER,
      },
      async handle(request) {
        const { query } = request;
        const page = await pageOf(deps, request, parseQuery(query));
        return {
          status: 200,
          body: {
            records: page.records.map(presentRecord),
            ...(page.cursor === undefined ? {} : { cursor: page.cursor }),
          },
        };
      },
    },
    {
      method: 'GET',
      path: '/api/v1/audit/export',
      summary: "Records of the caller's tenant as JSON lines or CSV; X-Next-Cursor leads to the rest.",
      access: 'permission',
      permission: PERMISSION,
      schema: {
        query: {
          type: 'object',
          properties: { ...QUERY, format: { enum: EXPORT_FORMATS } },
          additionalProperties: false,
        },
      },
      contentType: EXPORT_FORMATS.map((format) => EXPORT_TYPES[format]),
      handle: (request) => exportRecords(deps, request),
    },
  ];
}

async function exportRecords(deps: AuditRoutesDeps, request: RouteRequest) {
  const format = EXPORT_FORMATS.find((one) => one === request.query.format) ?? 'jsonl';
  const asked = parseQuery(request.query, { usual: EXPORT_LIMIT, most: EXPORT_LIMIT_MAX });
  const cut = request.query.cursor === undefined ? exportHead(format) : '';
  const parts = [cut];
  let cursor: string | undefined;
  let left = asked.limit;
  do {
    const page = await pageOf(deps, request, {
      ...asked,
      limit: Math.min(left, QUERY_LIMIT_MAX),
      ...(cursor === undefined ? {} : { before: parseQuery({ cursor }).before }),
    });
    for (const record of page.records) parts.push(exportLine(record, format));
    left -= page.records.length;
    cursor = page.cursor;
  } while (cursor !== undefined && left > 0 && !request.signal.aborted);
  return {
    status: 200,
    body: parts.join(''),
    contentType: EXPORT_TYPES[format],
    headers: {
      'content-disposition': `attachment; filename="audit.${format}"`,
      ...(cursor === undefined ? {} : { 'x-next-cursor': cursor }),
    },
  };
}

/** Of the caller's tenant; to name another one is refused, not answered with nothing. */
async function pageOf(deps: AuditRoutesDeps, request: RouteRequest, query: ReturnType<typeof parseQuery>) {
  const { principal } = request;
  if (principal === undefined) throw new QuaysideError('unauthenticated');
  const { tenant } = request.query;
  if (tenant !== undefined && tenant !== principal.tenantId)
    throw new QuaysideError('forbidden', { message: 'Only the records of your own tenant can be read.' });
  if (deps.log.problem() === undefined) await deps.log.flush();
  return queryAudit(deps.reading, principal.tenantId, query);
}

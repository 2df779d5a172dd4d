// What administrators see and do of the cache (governance §10.1): always of their own tenant.
import { QuaysideError } from '../../errors.ts';
import type { Route } from '../../route.ts';
import { CLEAR_ANSWER, REMOVE_ANSWER, STATS_ANSWER } from './cache-answers.ts';
import type { ResponseCache } from './response-cache.ts';

const ADMIN = { access: 'permission', permission: { anyOf: ['admin:cache'], allOf: [] } } as const;
/** Longer than any key. */
const PATTERN_LENGTH_MAX = 512;

const CLEAR_BODY = {
  type: 'object',
  properties: {
    pattern: {
      type: 'string',
      minLength: 1,
      maxLength: PATTERN_LENGTH_MAX,
      description:
        'Keys are `server:tool:hash`; `*` stands for any text, `?` for one character. All without it.',
    },
  },
  additionalProperties: false,
};

/** The three routes of the cache. */
export function cacheRoutes(cache: ResponseCache): readonly Route[] {
  return [
    {
      ...ADMIN,
      method: 'GET',
      path: '/api/cache/stats',
      summary: 'How the cache of answers does.',
      schema: { answer: STATS_ANSWER },
      async handle({ principal }) {
        const stats = await reached(cache.stats(tenantOf(principal)));
        return { status: 200, body: { stats, message: `${stats.size} answers are cached.` } };
      },
    },
    {
      ...ADMIN,
      method: 'POST',
      path: '/api/cache/clear',
      summary: 'Removes cached answers, all or those whose key fits a pattern with * and ?.',
      schema: { body: CLEAR_BODY, answer: CLEAR_ANSWER },
      async handle({ principal, body }) {
        const cleared = await reached(cache.clear(tenantOf(principal), parsePattern(body)));
        return { status: 200, body: { cleared, message: `${cleared} answers were removed.` } };
      },
    },
    {
      ...ADMIN,
      method: 'DELETE',
      path: '/api/cache/key/:key',
      summary: 'Removes one cached answer.',
      schema: { answer: REMOVE_ANSWER },
      async handle({ principal, params }) {
        const deleted = await reached(cache.remove(tenantOf(principal), params.key ?? ''));
        const message = deleted ? 'The answer was removed.' : 'No answer has this key.';
        return { status: 200, body: { message, deleted } };
      },
    },
  ];
}

/** These routes are never public, so there is always a principal. */
function tenantOf(principal: { readonly tenantId: string } | undefined): string {
  if (principal === undefined) throw new QuaysideError('unauthenticated');
  return principal.tenantId;
}

/** The door has checked the schema. */
function parsePattern(body: unknown): string | undefined {
  const pattern = typeof body === 'object' && body !== null && 'pattern' in body ? body.pattern : undefined;
  return typeof pattern === 'string' ? pattern : undefined;
}

/** Callers of tools never notice a lost backend; who asks about the backend does. */
async function reached<Value>(work: Promise<Value>): Promise<Value> {
  try {
    return await work;
  } catch (error) {
    throw new QuaysideError('overloaded', {
      message: 'The backend of the cache cannot be reached; retry in 1 s.',
      headers: { 'retry-after': '1' },
      cause: error,
    });
  }
}

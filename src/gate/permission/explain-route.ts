// REST: why a key may use a tool, or may not.
import type { Security } from '../../definition/schema/security.ts';
import type { Route, RouteRequest } from '../../route.ts';
import { actorOf } from '../actor-of-request.ts';
import { EXPLAIN_ANSWER } from './explain-answer.ts';
import { type ExplainDeps, type ExplainQuestion, explainCaller } from './explain-caller.ts';

const text = { type: 'string', minLength: 1, maxLength: 256 };

/** `GET /api/v1/explain?tool=&as=`, for those who see the keys anyway. */
export function explainRoute(
  deps: ExplainDeps & {
    /** Of the server that governs the routes. */
    readonly permissions: () => Security['permissions'];
  },
): Route {
  return {
    method: 'GET',
    path: '/api/v1/explain',
    summary: 'Which rule decides whether a key may use a tool.',
    access: 'permission',
    permission: { anyOf: ['admin:keys'], allOf: [] },
    schema: {
      query: {
        type: 'object',
        properties: { tool: text, as: text, server: text, address: { type: 'string', maxLength: 64 } },
        required: ['tool', 'as'],
        additionalProperties: false,
      },
      answer: EXPLAIN_ANSWER,
    },
    errorStatuses: [404],
    handle(request) {
      const answer = explainCaller(deps, actorOf(request, deps.permissions()), parseQuestion(request));
      return { status: 200, body: { ...answer } };
    },
  };
}

/** The door has checked the schema. */
function parseQuestion({ query }: RouteRequest): ExplainQuestion {
  return query as unknown as ExplainQuestion;
}

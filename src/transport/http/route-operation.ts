// A request to a route as an operation of the gate, like a call of a tool.
import { QuaysideError } from '../../errors.ts';
import { runOperation } from '../../gate/pipeline.ts';
import type { Entry } from '../../plan/server-plan.ts';
import type { Route, RouteAnswer, RouteRequest } from '../../route.ts';
import type { JsonObject, Operation, Principal } from '../../tool.ts';
import type { HttpExchange } from './exchange.ts';

/** Passes the request through the stages of its route. Throws what refused it, or what the route threw. */
export async function runGoverned(
  entry: Entry<Route>,
  exchange: HttpExchange,
  asked: RouteRequest,
): Promise<RouteAnswer> {
  const { principal } = exchange;
  if (principal === undefined) throw new QuaysideError('unauthenticated');
  const operation = operationOf(entry, exchange, principal, asked);
  const outcome = await runOperation(entry, operation, async ({ runsToEnd }) =>
    entry.item.handle({ ...asked, principal, ...(runsToEnd === true ? UNENDING : {}) }),
  );
  if (!outcome.ok) throw outcome.error;
  return parseAnswer(outcome.result);
}

/** Others will ask for this answer: a client that hangs up does not end the work. */
const UNENDING = { signal: new AbortController().signal };

function operationOf(
  { item: route, target }: Entry<Route>,
  exchange: HttpExchange,
  principal: Principal,
  asked: RouteRequest,
): Operation {
  return {
    kind: 'route',
    name: route.path,
    method: `${route.method} ${route.path}`,
    permission: target.permission,
    args: { ...asked.query, ...asked.params, ...(isObject(asked.body) ? asked.body : {}) },
    principal,
    ...(exchange.onBehalfOf === undefined ? {} : { onBehalfOf: exchange.onBehalfOf }),
    requestId: exchange.requestId,
    clientAddress: exchange.clientAddress,
    protocolVersion: 'http',
    startedAt: exchange.startedAt,
    answerHeaders: exchange.answerHeaders,
    headers: exchange.headers,
  };
}

/** A stage may replace what a handler answered; what is no answer any more is an internal error. */
function parseAnswer(result: unknown): RouteAnswer {
  if (isObject(result) && typeof result.status === 'number') return result as unknown as RouteAnswer;
  throw new TypeError('a route must answer with a status');
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

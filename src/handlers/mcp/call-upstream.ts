// One request to an upstream on behalf of one call: what the upstream says meanwhile, and what it asks, goes to this
// call's client and to no other.
import { canonicalHash } from '../../gate/canonical-json.ts';
import { type Call, type ClientChannel, type InputRequest, type JsonObject, LOG_LEVELS } from '../../tool.ts';
import { ROUNDS_MAX } from '../../upstreams/bounds.ts';
import { isObject } from '../../upstreams/json-object.ts';
import type { Ears } from '../../upstreams/rpc/link.ts';
import type { Upstream } from '../../upstreams/upstream.ts';
import type { UpstreamCall } from '../../upstreams/upstream-call.ts';
import { UpstreamError } from '../../upstreams/upstream-error.ts';
import { withDefaults } from './elicitation-defaults.ts';

/** Of one round; a form has one. */
const QUESTIONS_MAX = 16;

/** What an upstream may ask a client. Roots are the client's own files, which are none of an upstream's business. */
const QUESTIONS = ['elicitation/create', 'sampling/createMessage'] as const;
type QuestionMethod = (typeof QUESTIONS)[number];

/**
 * Sends the request, and answers the rounds in which a modern upstream asks for input. Rejects with UpstreamError, with
 * what the client's channel throws, and with the reason of `call.signal`.
 */
export async function callUpstream(
  upstream: Upstream,
  request: Pick<UpstreamCall, 'method' | 'params' | 'timeoutMs'>,
  call: Call,
): Promise<JsonObject> {
  const { principal, client, signal } = call;
  const endsAt = performance.now() + request.timeoutMs;
  const common = { principal, signal, ears: earsOf(client), capabilities: capabilitiesOf(client) };
  let { params } = request;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const timeoutMs = Math.max(1, endsAt - performance.now());
    const result = await send(upstream, { ...common, method: request.method, params, timeoutMs }, signal);
    if (result.resultType !== 'input_required') return result;
    const inputResponses = await answerQuestions(result.inputRequests, client);
    const { requestState } = result;
    params = {
      ...request.params,
      ...(inputResponses === undefined ? {} : { inputResponses }),
      ...(requestState === undefined ? {} : { requestState }),
    };
  }
  throw new UpstreamError('garbage', `The upstream asked for input more than ${ROUNDS_MAX} times.`);
}

/** What ended the call from outside is why it failed: a deadline, a cancellation, a question that ends a round. */
async function send(upstream: Upstream, request: UpstreamCall, signal: AbortSignal): Promise<JsonObject> {
  try {
    return await upstream.call(request);
  } catch (error) {
    const wasEnded = error instanceof UpstreamError && error.reason === 'cancelled' && signal.aborted;
    throw wasEnded && signal.reason instanceof Error ? signal.reason : error;
  }
}

function earsOf(client: ClientChannel): Ears {
  const asks = QUESTIONS.some((method) => client.supports(method));
  return {
    progress: client.progress === undefined ? undefined : client.progress.bind(client),
    log({ level, data, logger }) {
      const known = LOG_LEVELS.find((name) => name === level);
      if (known !== undefined) client.log(known, data, typeof logger === 'string' ? logger : undefined);
    },
    ask: asks ? (method, params) => ask(client, method, params) : undefined,
  };
}

/** In the modern era an upstream learns with each request what this very client can be asked. */
function capabilitiesOf(client: ClientChannel): JsonObject {
  return {
    ...(client.supports('elicitation/create') ? { elicitation: {} } : {}),
    ...(client.supports('sampling/createMessage') ? { sampling: {} } : {}),
  };
}

/** A question that a legacy upstream puts while the call runs. */
async function ask(client: ClientChannel, method: string, params: JsonObject): Promise<JsonObject> {
  const question = parseQuestion({ method, params });
  if (!client.supports(question.method))
    throw new UpstreamError('answered', 'The client does not take such requests.');
  const key = keyOf(question);
  const answers = await client.requestInput({ [key]: question });
  return withDefaults(question, answers[key] ?? {});
}

/** The questions of one round of a modern upstream; undefined where it has none and only wants to be asked again. */
async function answerQuestions(requests: unknown, client: ClientChannel): Promise<JsonObject | undefined> {
  if (requests === undefined) return undefined;
  const entries = isObject(requests) ? Object.entries(requests) : [];
  if (entries.length === 0 || entries.length > QUESTIONS_MAX)
    throw new UpstreamError('garbage', 'The upstream asked for input without questions that can be put.');
  const questions = new Map(entries.map(([key, request]) => [key, parseQuestion(request)]));
  const asked = Object.fromEntries([...questions].map(([key, question]) => [keyOf(question, key), question]));
  const answers = await client.requestInput(asked);
  return Object.fromEntries(
    [...questions].map(([key, question]) => [
      key,
      withDefaults(question, answers[keyOf(question, key)] ?? {}),
    ]),
  );
}

/**
 * By the text of the question: where a call begins anew for its answer, another question must not get that answer. The
 * upstream's own key stays with us.
 */
function keyOf(question: InputRequest, upstreamKey = ''): string {
  return canonicalHash([question.method, question.params ?? {}, upstreamKey]).slice(0, 32);
}

function parseQuestion(request: unknown): InputRequest & { readonly method: QuestionMethod } {
  const { method, params }: JsonObject = isObject(request) ? request : {};
  const known = QUESTIONS.find((name) => name === method);
  if (known === undefined) throw new UpstreamError('garbage', 'The upstream asked what it may not ask.');
  return { method: known, params: isObject(params) ? params : {} };
}

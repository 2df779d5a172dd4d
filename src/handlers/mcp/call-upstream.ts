// One request to an upstream on behalf of one call: what the upstream says meanwhile, and what it asks, goes to this
// call's client and to no other.
import { type Call, type ClientChannel, type JsonObject, LOG_LEVELS } from '../../tool.ts';
import { ROUNDS_MAX } from '../../upstreams/bounds.ts';
import type { Ears } from '../../upstreams/rpc/link.ts';
import type { Upstream } from '../../upstreams/upstream.ts';
import type { UpstreamCall } from '../../upstreams/upstream-call.ts';
import { UpstreamError } from '../../upstreams/upstream-error.ts';
import type { HeldUpstream } from '../../upstreams/upstreams.ts';
import { authorizeUpstream } from './authorization-round.ts';
import { type ClientQuestions, questionsFor } from './client-questions.ts';
import { traced } from './upstream-span.ts';

/** A second one for scopes that only the call itself needs. */
const AUTHORIZATIONS_MAX = 2;

/**
 * Sends the request, and answers the rounds in which a modern upstream asks for input. Rejects with UpstreamError, with
 * what the client's channel throws, and with the reason of `call.signal`.
 */
export async function callUpstream(
  {
    upstream,
    config,
  }: { readonly upstream: Upstream; readonly config: Pick<HeldUpstream['config'], 'roots'> },
  request: Pick<UpstreamCall, 'method' | 'params' | 'timeoutMs'>,
  call: Call,
): Promise<JsonObject> {
  const { principal, signal, client } = call;
  const endsAt = performance.now() + request.timeoutMs;
  const questions = questionsFor(client, config);
  const common = { principal, signal, ears: earsOf(client, questions), capabilities: questions.capabilities };
  let { params } = request;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const timeoutMs = Math.max(1, endsAt - performance.now());
    const asked = { ...common, method: request.method, params, timeoutMs };
    const result = await sendAuthorized(upstream, asked, call);
    if (result.resultType !== 'input_required') return result;
    const inputResponses = await questions.answerAll(result.inputRequests);
    const { requestState } = result;
    params = {
      ...request.params,
      ...(inputResponses === undefined ? {} : { inputResponses }),
      ...(requestState === undefined ? {} : { requestState }),
    };
  }
  throw new UpstreamError('garbage', `The upstream asked for input more than ${ROUNDS_MAX} times.`);
}

/** Again after a round of authorization where the upstream wants one; an upstream that is never content is left. */
async function sendAuthorized(upstream: Upstream, request: UpstreamCall, call: Call): Promise<JsonObject> {
  for (let round = 1; ; round++) {
    try {
      return await sendOnce(upstream, request, call);
    } catch (error) {
      const isWanted = error instanceof UpstreamError && error.reason === 'unauthorized';
      if (!isWanted || round > AUTHORIZATIONS_MAX) throw error;
      await authorizeUpstream(upstream, call, error);
    }
  }
}

/** As a span of its own below that of the call. Rejects as `callUpstream` does; what the upstream wants to know is refused. */
export function sendOnce(
  upstream: Upstream,
  request: UpstreamCall,
  call: Pick<Call, 'trace' | 'signal'>,
): Promise<JsonObject> {
  return traced(call, upstream, request, (trace) => send(upstream, { ...request, trace }, call.signal));
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

function earsOf(client: ClientChannel, questions: ClientQuestions): Ears {
  return {
    progress: client.progress === undefined ? undefined : client.progress.bind(client),
    log({ level, data, logger }) {
      const known = LOG_LEVELS.find((name) => name === level);
      if (known !== undefined) client.log(known, data, typeof logger === 'string' ? logger : undefined);
    },
    ask: questions.answer,
  };
}

// One model behind an OpenAI-compatible chat completions endpoint: asks, asks again where that helps, counts.
import type { Model } from '../definition/schema/definition.ts';
import { withPort } from '../egress/allow-list.ts';
import type { Egress, EgressStream } from '../egress/egress.ts';
import { EgressError } from '../egress/egress-error.ts';
import { type RetryClock, retryWaitMs, systemRetryClock } from '../egress/retry.ts';
import { parseTarget } from '../egress/target.ts';
import { REDACTED } from '../telemetry/redaction/secret-patterns.ts';
import { type Concession, concessionFor } from './concessions.ts';
import { costOf } from './cost.ts';
import type { ChatAnswer, ChatModel, ChatRequest, ModelObservation } from './model.ts';
import { ModelError } from './model-error.ts';
import { createModelHealth } from './model-health.ts';
import { beginModelSpan, endModelSpan, failModelSpan } from './model-span.ts';
import { providerOf } from './provider.ts';
import { type ReadAnswer, readAnswer } from './read-answer.ts';
import { toModelError, toRefusal } from './refusal.ts';
import { toRequestBody } from './request-body.ts';

export interface ChatModelDeps {
  readonly egress: Egress;
  /** Takes secrets out of what the endpoint says. */
  readonly redactText: (text: string) => string;
  readonly observe: (observation: ModelObservation) => void;
  /** Default: the system's clock and `Math.random`. */
  readonly clock?: RetryClock;
}

/** Throws EgressError `invalid_url` for a base URL that cannot be used. The base URL stands in a trusted file. */
export function createChatModel(model: Model, deps: ChatModelDeps): ChatModel {
  const base = model.baseUrl.replace(/\/+$/, '');
  const url = `${base}/chat/completions`;
  const { hostname, port } = parseTarget(url);
  const endpoint: Endpoint = {
    model,
    url,
    headers: {
      'content-type': 'application/json',
      accept: 'text/event-stream, application/json',
      ...(model.apiKey === undefined ? {} : { authorization: `Bearer ${model.apiKey}` }),
    },
    // Named literally by the operator, so it may be private (ruling "Egress"): a model on this machine is common.
    allowedHosts: [withPort(hostname, port)],
    redact: (text) =>
      deps.redactText(model.apiKey === undefined ? text : text.replaceAll(model.apiKey, REDACTED)),
    conceded: new Set(),
    egress: deps.egress,
    clock: deps.clock ?? systemRetryClock,
  };
  const provider = providerOf(hostname);
  const health = createModelHealth({
    ...endpoint,
    url: `${base}/models`,
    now: () => endpoint.clock.now(),
  });
  return {
    model: model.model,
    timeoutMs: model.timeout,
    health,
    async chat(request) {
      const startedAt = performance.now();
      const span = beginModelSpan(request, { model, provider, hostname, port });
      let answer: ChatAnswer | undefined;
      try {
        answer = withCost(model, await askUntilAnswered(endpoint, request));
        health.asked(undefined);
        if (span !== undefined) endModelSpan(span, answer);
        return answer;
      } catch (error) {
        if (error instanceof ModelError) health.asked(error);
        if (span !== undefined) failModelSpan(span, error);
        throw error;
      } finally {
        deps.observe({
          provider,
          model: model.model,
          seconds: (performance.now() - startedAt) / 1000,
          usage: answer?.usage,
          cost: answer?.cost,
        });
      }
    },
  };
}

interface Endpoint {
  readonly model: Model;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly allowedHosts: readonly string[];
  readonly redact: (text: string) => string;
  /** Grows with what the endpoint refuses. */
  readonly conceded: Set<Concession>;
  readonly egress: Egress;
  readonly clock: RetryClock;
}

function withCost({ prices }: Model, answer: ReadAnswer): ChatAnswer {
  const cost = prices === undefined || answer.usage === undefined ? undefined : costOf(answer.usage, prices);
  return { ...answer, cost };
}

async function askUntilAnswered(endpoint: Endpoint, request: ChatRequest): Promise<ReadAnswer> {
  const { clock, conceded, model } = endpoint;
  const endsAt = clock.now() + request.timeoutMs;
  let handedOn = false;
  const onText = (piece: string) => {
    handedOn = request.onText !== undefined;
    request.onText?.(piece);
  };
  for (let retry = 0; ; ) {
    const outcome = await attempt(endpoint, { ...request, onText, timeoutMs: endsAt - clock.now() });
    if (!(outcome instanceof ModelError)) return outcome;
    if (concede(outcome, conceded)) continue;
    if (retry >= model.retries || !outcome.isTransient || handedOn) throw outcome;
    const waitMs = retryWaitMs(retry, outcome.retryAfter, clock);
    if (clock.now() + waitMs >= endsAt) throw outcome;
    await pause(clock, waitMs, request.signal);
    retry++;
  }
}

/** Bytes on the wire. A stream wraps a token of four characters in some 250 bytes: this is room for 60,000 tokens. */
const RESPONSE_BYTES_MAX = 16 * 1024 * 1024;

async function attempt(endpoint: Endpoint, request: ChatRequest): Promise<ReadAnswer | ModelError> {
  try {
    const response: EgressStream = await endpoint.egress.stream({
      url: endpoint.url,
      method: 'POST',
      headers: endpoint.headers,
      body: toRequestBody(request, endpoint.model, endpoint.conceded),
      timeoutMs: request.timeoutMs,
      maxBytes: RESPONSE_BYTES_MAX,
      // A redirect would carry prompt and key to a place that nobody named.
      followRedirects: 0,
      purpose: 'model',
      allowedHosts: endpoint.allowedHosts,
      signal: request.signal,
    });
    if (response.status !== 200) return await toRefusal(response, endpoint.redact);
    return await readAnswer(response, request);
  } catch (error) {
    if (error instanceof EgressError) return toModelError(error);
    if (error instanceof ModelError) return error;
    throw error;
  }
}

/** Whether the refusal named a member of the request that is left out from now on. */
function concede({ failure, said }: ModelError, conceded: Set<Concession>): boolean {
  if (failure !== 'rejected' || said === undefined) return false;
  const concession = concessionFor(said, conceded);
  if (concession !== undefined) conceded.add(concession);
  return concession !== undefined;
}

async function pause(clock: RetryClock, waitMs: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(waitMs, signal);
  } catch (error) {
    throw new ModelError('aborted', 'The call was cancelled while it waited for the model.', {
      cause: error,
    });
  }
}

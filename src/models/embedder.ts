// One embedding model behind an OpenAI-compatible endpoint (`POST <baseUrl>/embeddings`): texts in, unit vectors out.
import { withPort } from '../egress/allow-list.ts';
import type { Egress } from '../egress/egress.ts';
import { EgressError } from '../egress/egress-error.ts';
import { type RetryClock, retryWaitMs, systemRetryClock } from '../egress/retry.ts';
import { parseTarget } from '../egress/target.ts';
import { REDACTED } from '../telemetry/redaction/secret-patterns.ts';
import { parseEmbeddings } from './embeddings.ts';
import type { ModelObservation, Usage } from './model.ts';
import { ModelError } from './model-error.ts';
import { providerOf } from './provider.ts';
import { toModelError, toRefusal } from './refusal.ts';

/** Which model, and how it is asked. */
export interface EmbeddingModel {
  readonly baseUrl: string;
  readonly model: string;
  readonly apiKey?: string;
  /** Components of a vector; asked for, and demanded of every answer. Absent: whatever the model has. */
  readonly dimension?: number;
  /** Extra attempts after connection errors, 429 and 5xx, as far as the time allows. */
  readonly retries: number;
}

/** One question to the model; `timeoutMs` covers every attempt. */
export interface EmbeddingRequest {
  readonly texts: readonly string[];
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Default: those of the model. */
  readonly retries?: number;
}

/** An embedding model. */
export interface Embedder {
  /** Name at the endpoint. */
  readonly model: string;
  /**
   * One vector of length 1 for each text, in their order and all of one dimension. Throws ModelError and nothing else:
   * an answer of another number, another dimension, or with anything but numbers is `unreadable`.
   */
  embed(request: EmbeddingRequest): Promise<readonly Float32Array[]>;
}

/** What an embedder works with. */
export interface EmbedderDeps {
  readonly egress: Pick<Egress, 'stream'>;
  /** Takes secrets out of what the endpoint says. */
  readonly redactText: (text: string) => string;
  readonly observe: (observation: ModelObservation) => void;
  /** Default: the system's clock and `Math.random`. */
  readonly clock?: RetryClock;
}

/**
 * Bytes of an answer: 100 vectors of 4,096 components in up to 25 characters each are 10 MB, and a hundred more still fit.
 */
const RESPONSE_BYTES_MAX = 32 * 1024 * 1024;

/** Throws EgressError `invalid_url` for a base URL that cannot be used. The base URL stands in a trusted file. */
export function createEmbedder(model: EmbeddingModel, deps: EmbedderDeps): Embedder {
  const url = `${model.baseUrl.replace(/\/+$/, '')}/embeddings`;
  const { hostname, port } = parseTarget(url);
  const provider = providerOf(hostname);
  // Named literally by the operator, so it may be private (ruling "Egress"): a model on this machine is common.
  const endpoint: Endpoint = { model, url, allowedHosts: [withPort(hostname, port)], deps };
  return {
    model: model.model,
    async embed(request) {
      const startedAt = performance.now();
      let usage: Usage | undefined;
      try {
        const answer = await askUntilAnswered(endpoint, request);
        usage = answer.usage;
        return answer.vectors;
      } finally {
        const seconds = (performance.now() - startedAt) / 1000;
        deps.observe({ provider, model: model.model, seconds, usage });
      }
    },
  };
}

interface Endpoint {
  readonly model: EmbeddingModel;
  readonly url: string;
  readonly allowedHosts: readonly string[];
  readonly deps: EmbedderDeps;
}

interface Embedded {
  readonly vectors: readonly Float32Array[];
  readonly usage: Usage | undefined;
}

async function askUntilAnswered(endpoint: Endpoint, request: EmbeddingRequest): Promise<Embedded> {
  const clock = endpoint.deps.clock ?? systemRetryClock;
  const endsAt = clock.now() + request.timeoutMs;
  const retries = request.retries ?? endpoint.model.retries;
  for (let retry = 0; ; retry++) {
    const outcome = await attempt(endpoint, { ...request, timeoutMs: endsAt - clock.now() });
    if (!(outcome instanceof ModelError)) return outcome;
    if (retry >= retries || !outcome.isTransient) throw outcome;
    const waitMs = retryWaitMs(retry, outcome.retryAfter, clock);
    if (clock.now() + waitMs >= endsAt) throw outcome;
    await clock.sleep(waitMs, request.signal).catch((cause: unknown) => {
      throw new ModelError('aborted', 'The call was cancelled while it waited for the model.', { cause });
    });
  }
}

async function attempt(
  { model, url, allowedHosts, deps }: Endpoint,
  { texts, timeoutMs, signal }: EmbeddingRequest,
): Promise<Embedded | ModelError> {
  const { apiKey, dimension } = model;
  const redact = (text: string) =>
    deps.redactText(apiKey === undefined ? text : text.replaceAll(apiKey, REDACTED));
  try {
    const response = await deps.egress.stream({
      url,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
      },
      body: JSON.stringify({
        model: model.model,
        input: texts,
        encoding_format: 'float',
        ...(dimension === undefined ? {} : { dimensions: dimension }),
      }),
      timeoutMs,
      maxBytes: RESPONSE_BYTES_MAX,
      // A redirect would carry source code and key to a place that nobody named.
      followRedirects: 0,
      purpose: 'embedding',
      allowedHosts,
      signal,
    });
    if (response.status !== 200) return await toRefusal(response, redact);
    const parts: Buffer[] = [];
    for await (const part of response.body) parts.push(part);
    return parseEmbeddings(Buffer.concat(parts).toString(), { count: texts.length, dimension });
  } catch (error) {
    if (error instanceof EgressError) return toModelError(error);
    if (error instanceof ModelError) return error;
    throw error;
  }
}

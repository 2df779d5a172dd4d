// What is known of the endpoint of a model: by the questions that are put to it, and by looking where there are none.
import type { Egress } from '../egress/egress.ts';
import { EgressError } from '../egress/egress-error.ts';
import type { ModelHealth } from './model.ts';
import { ModelError, type ModelFailure } from './model-error.ts';
import { toModelError, toRefusal } from './refusal.ts';

/** Told of every question as well. */
export interface AskedHealth extends ModelHealth {
  /** A question ended, with this failure where it has no answer. */
  asked(failure: ModelError | undefined): void;
}

export interface ModelHealthOptions {
  readonly egress: Pick<Egress, 'stream'>;
  /** Of the list of models, which every compatible endpoint has or refuses, and none bills. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly allowedHosts: readonly string[];
  readonly redact: (text: string) => string;
  /** Milliseconds; any origin. */
  readonly now: () => number;
}

/** Failures that say that the next question will fare no better. A refusal of one question is about that question. */
const TROUBLES: ReadonlySet<ModelFailure> = new Set([
  'unauthorized',
  'refused',
  'unreachable',
  'unavailable',
  'unreadable',
  'timeout',
]);

/** An endpoint that is well is not asked more often than its own keep-alive would: others count its requests. */
const LOOK_MS = 60_000;
/** Longer than a check of health may take, since nobody waits for it. */
const LOOK_TIMEOUT_MS = 5000;
/** Lists of models are long with some, and nobody reads them. */
const LOOK_BYTES_MAX = 1024 * 1024;

/** Looks at nothing before it is asked to. */
export function createModelHealth(options: ModelHealthOptions): AskedHealth {
  let problem: string | undefined;
  let lastSign = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | undefined;
  const learned = (failure: ModelError | undefined): void => {
    lastSign = options.now();
    problem = failure !== undefined && TROUBLES.has(failure.failure) ? failure.message : undefined;
  };
  return {
    asked(failure) {
      // What the caller did to its own question says nothing of the endpoint.
      if (failure?.failure !== 'aborted' && failure?.failure !== 'closed') learned(failure);
    },
    refresh() {
      if (problem === undefined && options.now() - lastSign < LOOK_MS) return NOTHING_TO_DO;
      looking ??= look(options)
        .then(learned)
        .finally(() => {
          looking = undefined;
        });
      return looking;
    },
    problem: () => problem,
  };
}

const NOTHING_TO_DO = Promise.resolve();

async function look(options: ModelHealthOptions): Promise<ModelError | undefined> {
  const { egress, url, headers, allowedHosts, redact } = options;
  try {
    const response = await egress.stream({
      url,
      method: 'GET',
      headers,
      timeoutMs: LOOK_TIMEOUT_MS,
      maxBytes: LOOK_BYTES_MAX,
      followRedirects: 0,
      purpose: 'model-health',
      allowedHosts,
    });
    if (response.status >= 400) return await toRefusal(response, redact);
    await response.body.return();
    return undefined;
  } catch (error) {
    if (error instanceof EgressError) return toModelError(error);
    return new ModelError('unavailable', 'The model endpoint cannot be asked.', { cause: error });
  }
}

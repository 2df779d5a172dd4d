// Questions to a client that end the run of a handler, which then begins again with the answers (MCP 2026-07-28, MRTR;
// tasks of both eras). Knows neither how a question travels nor where answers are kept.
import { InputRequiredSignal, QuaysideError } from '../errors.ts';
import type { InputRequest, JsonObject } from '../tool.ts';
import { answerProblem, capabilityMissing, missingCapabilities } from './client-input.ts';

type Requests = Readonly<Record<string, InputRequest>>;

export interface InputRoundsOptions {
  /** What the client declared. */
  readonly capabilities: JsonObject;
  /** The answer under a key, not yet checked; undefined where there is none. */
  readonly answerOf: (key: string) => unknown;
}

/** One per run of a handler. After it ended, `asked` says whether it ended to ask the client. */
export class InputRounds {
  /** The requests that ended the run. */
  asked: Requests | undefined;
  /** A refusal that stands whatever the handler makes of it. */
  refusal: QuaysideError | undefined;
  /** The answers that the run has used. */
  readonly accepted: Record<string, JsonObject> = {};
  readonly #options: InputRoundsOptions;
  readonly #uses = new Map<string, number>();

  constructor(options: InputRoundsOptions) {
    this.#options = options;
  }

  /** `end` ends the run: the handler cannot swallow that it has to ask. */
  request(requests: Requests, end: (reason: Error) => void): Promise<Readonly<Record<string, JsonObject>>> {
    try {
      return Promise.resolve(this.#answersTo(requests));
    } catch (error) {
      if (error instanceof QuaysideError) this.refusal = error;
      // The operation is over, and its result would be an answer nobody asked for.
      if (error instanceof Error) end(error);
      return Promise.reject(error);
    }
  }

  #answersTo(requests: Requests): Readonly<Record<string, JsonObject>> {
    const missing = missingCapabilities(requests, this.#options.capabilities);
    if (missing !== undefined) throw capabilityMissing(missing);
    const answers: Record<string, JsonObject> = {};
    const open: Record<string, InputRequest> = {};
    for (const [key, request] of Object.entries(requests)) {
      const ownKey = this.#ownKey(key);
      const answer = this.#options.answerOf(ownKey);
      if (answer === undefined) open[ownKey] = withParams(request);
      else answers[key] = this.accepted[ownKey] = parseAnswer(ownKey, request, answer);
    }
    if (Object.keys(open).length === 0) return answers;
    this.asked = open;
    throw new InputRequiredSignal(open);
  }

  /** A handler that asks under the same key again, say until an answer is good, must not get the old answer. */
  #ownKey(key: string): string {
    const use = (this.#uses.get(key) ?? 0) + 1;
    this.#uses.set(key, use);
    return use === 1 ? key : `${key}#${use}`;
  }
}

/** What was answered under `key`; keys come from authors and may be names that every object inherits. */
export function ownAnswer(answers: JsonObject, key: string): unknown {
  return Object.hasOwn(answers, key) ? answers[key] : undefined;
}

/** Throws `invalid_params` where `answer` cannot be one to `request`. */
export function parseAnswer(key: string, request: InputRequest, answer: unknown): JsonObject {
  const problem = answerProblem(request.method, answer);
  if (problem === undefined) return answer as JsonObject;
  throw new QuaysideError('invalid_params', {
    message: `Invalid inputResponses[${JSON.stringify(key)}]: ${problem}.`,
    data: { field: `inputResponses.${key}` },
  });
}

function withParams({ method, params }: InputRequest): InputRequest {
  return { method, params: params ?? {} };
}

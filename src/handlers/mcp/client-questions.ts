// What an upstream may ask the client of one call, and how its questions are put.
import type { Upstream as UpstreamConfig } from '../../definition/schema/upstream.ts';
import { canonicalHash } from '../../gate/canonical-json.ts';
import type { ClientChannel, InputRequest, JsonObject } from '../../tool.ts';
import { isObject } from '../../upstreams/json-object.ts';
import { UpstreamError } from '../../upstreams/upstream-error.ts';
import { withDefaults } from './elicitation-defaults.ts';

/** Of one round; a form has one. */
const QUESTIONS_MAX = 16;

/** Methods, and the capability that each takes. */
const QUESTIONS = [
  ['elicitation/create', 'elicitation'],
  ['sampling/createMessage', 'sampling'],
  ['roots/list', 'roots'],
] as const;
type Question = (typeof QUESTIONS)[number];
/** Roots are the client's own folders: the operator says which upstream may know of them. */
const WITHOUT_ROOTS: readonly Question[] = QUESTIONS.filter(([method]) => method !== 'roots/list');

export interface ClientQuestions {
  /** Client capabilities: in the modern era an upstream learns with each request what this very client can be asked. */
  readonly capabilities: JsonObject;
  /** Puts a question of a legacy upstream while the call runs; undefined where the client takes none. */
  readonly answer: ((method: string, params: JsonObject) => Promise<JsonObject>) | undefined;
  /** The answers of one round of a modern upstream; undefined where it only wants to be asked again. */
  answerAll(requests: unknown): Promise<JsonObject | undefined>;
}

export function questionsFor(
  client: ClientChannel,
  { roots }: Pick<UpstreamConfig, 'roots'>,
): ClientQuestions {
  const possible = (roots ? QUESTIONS : WITHOUT_ROOTS).filter(([method]) => client.supports(method));
  return {
    capabilities: Object.fromEntries(
      possible.map(([_, capability]) => [capability, declaredOf(client, capability)]),
    ),
    answer: possible.length === 0 ? undefined : (method, params) => ask(client, possible, { method, params }),
    answerAll: (requests) => answerAll(client, possible, requests),
  };
}

/** With its aspects, such as URLs and tools. */
function declaredOf({ declared }: ClientChannel, capability: string): JsonObject {
  const own = declared?.[capability];
  return isObject(own) ? own : {};
}

async function ask(
  client: ClientChannel,
  possible: readonly Question[],
  asked: { readonly method: string; readonly params: JsonObject },
): Promise<JsonObject> {
  const question = parseQuestion(asked);
  if (possible.every(([method]) => method !== question.method))
    throw new UpstreamError('answered', 'The client does not take such requests.');
  const key = keyOf(question);
  const answers = await client.requestInput({ [key]: question });
  return withDefaults(question, answers[key] ?? {});
}

async function answerAll(
  client: ClientChannel,
  possible: readonly Question[],
  requests: unknown,
): Promise<JsonObject | undefined> {
  if (requests === undefined) return undefined;
  const entries = isObject(requests) ? Object.entries(requests) : [];
  if (entries.length === 0 || entries.length > QUESTIONS_MAX)
    throw new UpstreamError('garbage', 'The upstream asked for input without questions that can be put.');
  const questions = new Map(entries.map(([key, request]) => [key, parseQuestion(request)]));
  for (const { method } of questions.values())
    if (possible.every(([known]) => known !== method))
      throw new UpstreamError('garbage', 'The upstream asked what it may not ask.');
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

function parseQuestion(request: unknown): InputRequest {
  const { method, params }: JsonObject = isObject(request) ? request : {};
  const known = QUESTIONS.find(([name]) => name === method)?.[0];
  if (known === undefined) throw new UpstreamError('garbage', 'The upstream asked what it may not ask.');
  return { method: known, params: isObject(params) ? params : {} };
}

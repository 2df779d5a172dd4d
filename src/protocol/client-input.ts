// What a server may ask of a client in either era: which capability it takes, and what an answer must look like.
import { QuaysideError } from '../errors.ts';
import type { InputRequest, JsonObject } from '../tool.ts';
import { isObject } from './messages.ts';

/** The capabilities that `requests` take and `declared` lacks, in the shape of ClientCapabilities; undefined: none. */
export function missingCapabilities(
  requests: Readonly<Record<string, InputRequest>>,
  declared: JsonObject,
): JsonObject | undefined {
  const missing: Record<string, JsonObject> = {};
  for (const { method, params } of Object.values(requests)) {
    const capability = CAPABILITIES[method];
    const own = declared[capability];
    const aspect = aspectOf(method, params);
    if (!isObject(own)) missing[capability] = { ...missing[capability], ...aspect };
    else if (aspect !== undefined && !hasAspect(own, aspect))
      missing[capability] = { ...missing[capability], ...aspect };
  }
  return Object.keys(missing).length === 0 ? undefined : missing;
}

export function supportsInput(method: InputRequest['method'], declared: JsonObject): boolean {
  return isObject(declared[CAPABILITIES[method]]);
}

export function capabilityMissing(requiredCapabilities: JsonObject): QuaysideError {
  const names = Object.entries(requiredCapabilities).flatMap(([name, aspects]) => {
    const inner = isObject(aspects) ? Object.keys(aspects) : [];
    return inner.length === 0 ? [name] : inner.map((aspect) => `${name}.${aspect}`);
  });
  return new QuaysideError('capability_missing', {
    message: `The client lacks a required capability: ${names.join(', ')}.`,
    data: { requiredCapabilities },
  });
}

/** Undefined when `answer` can be the result of `method`, else what is wrong with it. */
export function answerProblem(method: InputRequest['method'], answer: unknown): string | undefined {
  if (!isObject(answer)) return 'it must be an object';
  return ANSWER_CHECKS[method](answer);
}

const CAPABILITIES = {
  'elicitation/create': 'elicitation',
  'sampling/createMessage': 'sampling',
  'roots/list': 'roots',
} as const satisfies Record<InputRequest['method'], string>;

const ELICITATION_ACTIONS: readonly unknown[] = ['accept', 'decline', 'cancel'];

const ANSWER_CHECKS: Readonly<Record<InputRequest['method'], (answer: JsonObject) => string | undefined>> = {
  'elicitation/create': ({ action, content }) => {
    if (!ELICITATION_ACTIONS.includes(action)) return '`action` must be accept, decline or cancel';
    return content === undefined || isObject(content) ? undefined : '`content` must be an object';
  },
  'sampling/createMessage': ({ role, content }) => {
    if (role !== 'assistant' && role !== 'user') return '`role` must be assistant or user';
    return isObject(content) || Array.isArray(content) ? undefined : '`content` is missing';
  },
  'roots/list': ({ roots }) => {
    if (!Array.isArray(roots)) return '`roots` must be an array';
    return roots.every((root) => isObject(root) && typeof root.uri === 'string')
      ? undefined
      : 'each root needs a `uri`';
  },
};

/** URL elicitation and tools in sampling are declared within their capability; a plain form needs nothing more. */
function aspectOf(method: InputRequest['method'], params: JsonObject | undefined): JsonObject | undefined {
  if (method === 'elicitation/create' && params?.mode === 'url') return { url: {} };
  const usesTools = params?.tools !== undefined || params?.toolChoice !== undefined;
  if (method === 'sampling/createMessage' && usesTools) return { tools: {} };
  return undefined;
}

function hasAspect(capability: JsonObject, aspect: JsonObject): boolean {
  return Object.keys(aspect).every((key) => isObject(capability[key]));
}

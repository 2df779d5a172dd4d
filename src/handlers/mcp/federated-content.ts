// Prompts, resources and resource templates of an upstream, as the plan serves them.
import { QuaysideError } from '../../errors.ts';
import type {
  Call,
  JsonObject,
  Prompt,
  PromptSpec,
  Resource,
  ResourceContent,
  ResourceSpec,
  ResourceTemplate,
  ResourceTemplateSpec,
} from '../../tool.ts';
import { isObject } from '../../upstreams/json-object.ts';
import { pageMetaOf } from '../../upstreams/ui-meta.ts';
import { UpstreamError } from '../../upstreams/upstream-error.ts';
import type { HeldUpstream } from '../../upstreams/upstreams.ts';
import { toPromptResult } from '../content/handler-contents.ts';
import { parseUriTemplate } from '../content/uri-template.ts';
import { callUpstream, sendOnce } from './call-upstream.ts';
import { toOperationError } from './upstream-failure.ts';

/** `name`: the one it is listed under. */
export function createFederatedPrompt(held: HeldUpstream, spec: PromptSpec, name: string): Prompt {
  return {
    spec: Object.freeze({ ...spec, name }),
    async get(call) {
      const params = { name: spec.name, arguments: call.args };
      const result = await ask(held, { method: 'prompts/get', params }, call, 'invalid_params');
      if (!Array.isArray(result.messages)) throw noAnswer('prompts/get');
      return toPromptResult({ content: [], structuredContent: result }, spec.description);
    },
    complete: (argument, value, context, by) =>
      complete(held, { ref: { type: 'ref/prompt', name: spec.name }, argument, value, context }, by),
  };
}

export function createFederatedResource(held: HeldUpstream, spec: ResourceSpec): Resource {
  return {
    spec: Object.freeze(spec),
    read: (call) => read(held, spec.uri, call),
    watch: (changed) => held.upstream.watch(spec.uri, changed),
  };
}

/** Undefined for a template of another level than we can match: its resources cannot be told from others'. */
export function createFederatedTemplate(
  held: HeldUpstream,
  spec: ResourceTemplateSpec,
): ResourceTemplate | undefined {
  let match: ResourceTemplate['match'];
  try {
    ({ match } = parseUriTemplate(spec.uriTemplate));
  } catch {
    // Level 4, or two values with nothing in between.
    return undefined;
  }
  return {
    spec: Object.freeze(spec),
    match,
    read: (call) => read(held, String(call.args.uri), call),
    complete: (argument, value, context, by) =>
      complete(held, { ref: { type: 'ref/resource', uri: spec.uriTemplate }, argument, value, context }, by),
  };
}

async function read(held: HeldUpstream, uri: string, call: Call): Promise<readonly ResourceContent[]> {
  const request = { method: 'resources/read', params: { uri } } as const;
  const { contents } = await ask(held, request, call, 'unknown_resource');
  if (!Array.isArray(contents)) throw noAnswer('resources/read');
  return contents.map(parseContent);
}

function parseContent(item: unknown): ResourceContent {
  const { uri, mimeType, text, blob }: JsonObject = isObject(item) ? item : {};
  if (typeof uri !== 'string') throw noAnswer('resources/read');
  const _meta = isObject(item) ? pageMetaOf(item) : undefined;
  const own = {
    uri,
    ...(typeof mimeType === 'string' ? { mimeType } : {}),
    ...(_meta === undefined ? {} : { _meta }),
  };
  if (typeof text === 'string') return { ...own, text };
  if (typeof blob === 'string') return { ...own, blob };
  throw noAnswer('resources/read');
}

async function ask(
  held: HeldUpstream,
  request: { readonly method: 'prompts/get' | 'resources/read'; readonly params: JsonObject },
  call: Call,
  unknown: 'unknown_resource' | 'invalid_params',
): Promise<JsonObject> {
  try {
    return await callUpstream(held, { ...request, timeoutMs: held.config.timeout }, call);
  } catch (error) {
    throw error instanceof UpstreamError ? toOperationError(error, unknown) : error;
  }
}

async function complete(
  { upstream, config }: HeldUpstream,
  asked: {
    readonly ref: JsonObject;
    readonly argument: string;
    readonly value: string;
    readonly context: JsonObject;
  },
  by: Pick<Call, 'principal' | 'signal' | 'trace'>,
): Promise<readonly string[]> {
  const { ref, argument: name, value, context } = asked;
  const hasContext = Object.keys(context).length > 0;
  const params = {
    ref,
    argument: { name, value },
    ...(hasContext ? { context: { arguments: context } } : {}),
  };
  try {
    const { principal, signal } = by;
    const common = { principal, signal, timeoutMs: config.timeout };
    const result = await sendOnce(upstream, { ...common, method: 'completion/complete', params }, by);
    const values = isObject(result.completion) ? result.completion.values : undefined;
    return Array.isArray(values) ? values.filter((one) => typeof one === 'string') : [];
  } catch (error) {
    // Many upstreams complete nothing: no values are an answer then.
    if (error instanceof UpstreamError && error.reason === 'answered') return [];
    throw error instanceof UpstreamError ? toOperationError(error, 'invalid_params') : error;
  }
}

function noAnswer(method: string): QuaysideError {
  return new QuaysideError('upstream_failed', {
    message: `The upstream answered ${method} with something that MCP does not know.`,
  });
}

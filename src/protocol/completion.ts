// completion/complete: values for one argument of a prompt or one variable of a resource template.
import { QuaysideError } from '../errors.ts';
import type { ServerPlan, VisibleLists } from '../plan/server-plan.ts';
import type { Call, JsonObject } from '../tool.ts';
import { isObject } from './messages.ts';

/** Most values in one answer (MCP, completion). */
const VALUES_MAX = 100;

/** Throws `invalid_params`, `unknown_prompt` or `unknown_resource`; what is not visible is unknown. */
export async function complete(server: ServerPlan, by: Asked['by'], params: JsonObject): Promise<JsonObject> {
  const asked = { server, visible: server.visibleTo(by.principal), by };
  const { ref, argument, context } = params;
  if (!isObject(ref) || !isObject(argument)) throw invalid('`ref` and `argument` must be objects.');
  const { name, value } = argument;
  if (typeof name !== 'string' || typeof value !== 'string') {
    throw invalid('`argument.name` and `argument.value` must be strings.');
  }
  const known = isObject(context) && isObject(context.arguments) ? context.arguments : {};
  const values = await (ref.type === 'ref/prompt'
    ? promptValues(asked, ref.name, name, value, known)
    : templateValues(asked, ref, name, value, known));
  const shown = values.slice(0, VALUES_MAX);
  return { completion: { values: shown, total: values.length, hasMore: values.length > shown.length } };
}

interface Asked {
  readonly server: ServerPlan;
  readonly visible: VisibleLists;
  readonly by: Pick<Call, 'principal' | 'signal' | 'trace'>;
}

async function promptValues(
  { server, visible, by }: Asked,
  prompt: unknown,
  argument: string,
  value: string,
  context: JsonObject,
): Promise<readonly string[]> {
  const entry = typeof prompt === 'string' ? server.prompts.get(prompt) : undefined;
  if (entry === undefined || !visible.prompts.some((spec) => spec.name === prompt)) {
    throw new QuaysideError('unknown_prompt');
  }
  if (!entry.item.spec.arguments.some((declared) => declared.name === argument)) {
    throw invalid(`The prompt has no argument ${JSON.stringify(argument.slice(0, 200))}.`);
  }
  return (await entry.item.complete?.(argument, value, context, by)) ?? [];
}

async function templateValues(
  { server, visible, by }: Asked,
  ref: JsonObject,
  variable: string,
  value: string,
  context: JsonObject,
): Promise<readonly string[]> {
  if (ref.type !== 'ref/resource') throw invalid('`ref.type` must be "ref/prompt" or "ref/resource".');
  const { uri } = ref;
  const entry = server.resourceTemplates.find(({ item }) => item.spec.uriTemplate === uri);
  if (entry !== undefined && visible.resourceTemplates.some((spec) => spec.uriTemplate === uri)) {
    return (await entry.item.complete?.(variable, value, context, by)) ?? [];
  }
  // A plain resource has no variables: nothing to complete is an answer, not an error.
  if (visible.resources.some((spec) => spec.uri === uri)) return [];
  throw new QuaysideError('unknown_resource');
}

function invalid(message: string): QuaysideError {
  return new QuaysideError('invalid_params', { message });
}

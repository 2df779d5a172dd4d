// What a prompt handler says to a model: its own template, or a prompt of the definition, with arguments as data.
import type { Prompt as PromptDefinition } from '../../definition/schema/content.ts';
import type { PromptHandler } from '../../definition/schema/handler.ts';
import { HandlerError, QuaysideError } from '../../errors.ts';
import type { Call, ContentItem, JsonObject } from '../../tool.ts';
import { compileTemplate } from '../content/message-template.ts';
import { createPrompt } from '../content/prompt.ts';
import type { HandlerContext } from '../handler.ts';
import { ArgumentRefusal } from '../http/argument-refusal.ts';

/** A message before it takes the form of an API or of MCP. */
export interface PromptMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: ContentItem;
}

export interface PromptSource {
  /** Throws ArgumentRefusal for an argument that the prompt demands or does not allow. */
  render(call: Call): Promise<readonly PromptMessage[]>;
  /** Files that the prompt was made from. */
  readonly files: readonly string[];
}

/** Throws HandlerError HANDLER_CONFIG_ERROR for unknown placeholders and prompts that cannot be used. */
export async function createPromptSource(
  handler: PromptHandler,
  context: HandlerContext,
  prompts: readonly PromptDefinition[],
): Promise<PromptSource> {
  if (handler.prompt !== undefined) return namedSource(handler, handler.prompt, context, prompts);
  if (handler.template === undefined) throw configError('The handler has neither a prompt nor a template.');
  const names = new Set(namesOf(context.inputSchema));
  const user = compileTemplate(handler.template, names);
  const system = systemOf(handler, names);
  return {
    files: [],
    render(call) {
      const values = textsOf(call.args);
      return Promise.resolve([...system(values), message('user', user(values))]);
    },
  };
}

async function namedSource(
  handler: PromptHandler,
  name: string,
  context: HandlerContext,
  prompts: readonly PromptDefinition[],
): Promise<PromptSource> {
  const definition = prompts.find((one) => one.name === name);
  if (definition === undefined) throw configError(`There is no prompt '${name}'.`);
  if (definition.handler !== undefined) {
    throw configError(`The prompt '${name}' is made by a handler; a tool can ask with a template only.`);
  }
  assertReachable(definition, context.inputSchema);
  const files: string[] = [];
  const prompt = await createPrompt(definition, {
    baseDirectory: context.baseDirectory,
    files,
    prepareHandler: () => Promise.reject(configError(`The prompt '${name}' has a handler.`)),
    report: () => undefined,
  });
  const system = systemOf(handler, new Set(namesOf(context.inputSchema)));
  return {
    files,
    async render(call) {
      const values = textsOf(call.args);
      const { messages } = await prompt
        .get({ ...channelOf(call), args: Object.fromEntries(values) })
        .catch((error: unknown) => {
          throw toRefusal(error);
        });
      return [...system(values), ...messages];
    },
  };
}

/** A prompt that no caller could ever fill is a mistake of the author, found at load. */
function assertReachable({ name, arguments: declared }: PromptDefinition, inputSchema: JsonObject): void {
  if (inputSchema.additionalProperties !== false) return;
  const known = namesOf(inputSchema);
  const missing = declared.filter((one) => one.required && !known.includes(one.name));
  if (missing.length === 0) return;
  const names = missing.map((one) => one.name).join(', ');
  throw configError(`The prompt '${name}' requires ${names}, which the input schema does not have.`);
}

type Values = ReadonlyMap<string, string>;

function systemOf(
  { system }: PromptHandler,
  names: ReadonlySet<string>,
): (values: Values) => readonly PromptMessage[] {
  if (system === undefined) return () => [];
  const render = compileTemplate(system, names);
  return (values) => [message('system', render(values))];
}

function message(role: PromptMessage['role'], text: string): PromptMessage {
  return { role, content: { type: 'text', text } };
}

/** Strings as they are, other values as JSON; null counts as missing. */
function textsOf(args: JsonObject): Values {
  const values = new Map<string, string>();
  for (const [name, value] of Object.entries(args)) {
    if (value === null || value === undefined) continue;
    values.set(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  return values;
}

function namesOf({ properties }: JsonObject): readonly string[] {
  return typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];
}

/** A call's members by name: those of a class instance are not its own. */
function channelOf({ requestId, signal, principal, client, trace }: Call): Omit<Call, 'args'> {
  return { requestId, signal, principal, client, trace };
}

/** The prompt's complaint about its arguments is one about those of the tool. */
function toRefusal(error: unknown): unknown {
  if (!(error instanceof QuaysideError) || error.code !== 'invalid_params') return error;
  const { missing, argument } = error.data ?? {};
  const field = Array.isArray(missing) ? String(missing[0]) : String(argument ?? 'root');
  return new ArgumentRefusal(field, {
    problem: error.message,
    expected: Array.isArray(missing) ? 'a value' : 'a value that the prompt admits',
    fix: `Give ${field}.`,
    received: undefined,
  });
}

function configError(text: string): HandlerError {
  return new HandlerError('HANDLER_CONFIG_ERROR', text);
}

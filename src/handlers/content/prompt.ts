// Prompts: templates compiled when the plan is built, rendered per request (spec servers §2.3, §4.3).
import type { Prompt as PromptDefinition } from '../../definition/schema/content.ts';
import { HandlerError, QuaysideError } from '../../errors.ts';
import type { ContentItem, JsonObject, Prompt, PromptResult, PromptSpec } from '../../tool.ts';
import { completeFrom } from './completion.ts';
import type { ContentDeps } from './content-deps.ts';
import { readDocument, resolveDocument } from './document-file.ts';
import { runHandler, toPromptResult } from './handler-contents.ts';
import { decodeText } from './media-type.ts';
import { compileTemplate, compileValue, type RenderValue } from './message-template.ts';

/** A prompt is text for a model; more is a file named by mistake. */
const TEMPLATE_BYTES_MAX = 1024 * 1024;

type Argument = PromptDefinition['arguments'][number];
type Values = ReadonlyMap<string, string>;

export interface PromptDeps extends ContentDeps {
  /** Template files that were read are added here. */
  readonly files: string[];
}

/** Throws HandlerError HANDLER_CONFIG_ERROR for an unknown placeholder or an unreadable template. */
export async function createPrompt(definition: PromptDefinition, deps: PromptDeps): Promise<Prompt> {
  const { name, title, description, arguments: declared } = definition;
  const spec: PromptSpec = Object.freeze({
    name,
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    arguments: declared.map((argument) => ({
      name: argument.name,
      ...(argument.description === '' ? {} : { description: argument.description }),
      required: argument.required,
    })),
  });
  const get =
    definition.handler === undefined
      ? await prepareTemplate(definition, deps)
      : await prepareHandled(definition, deps);
  return {
    spec,
    get,
    complete: (argument, value) =>
      completeFrom(declared.find((one) => one.name === argument)?.enum ?? [], value),
  };
}

async function prepareHandled(definition: PromptDefinition, deps: PromptDeps): Promise<Prompt['get']> {
  if (definition.handler === undefined)
    throw new HandlerError('HANDLER_CONFIG_ERROR', 'The prompt has no handler.');
  const handler = await deps.prepareHandler(
    definition.handler,
    definition.name,
    inputSchemaOf(definition.arguments),
  );
  return async (call) => {
    const values = readArguments(definition.arguments, call.args);
    return toPromptResult(
      await runHandler(handler, call, Object.fromEntries(values)),
      definition.description,
    );
  };
}

function inputSchemaOf(declared: readonly Argument[]): JsonObject {
  return {
    type: 'object',
    properties: Object.fromEntries(
      declared.map(({ name, description, enum: values }) => [
        name,
        { type: 'string', description, ...(values === undefined ? {} : { enum: values }) },
      ]),
    ),
    required: declared.filter(({ required }) => required).map(({ name }) => name),
  };
}

async function prepareTemplate(definition: PromptDefinition, deps: PromptDeps): Promise<Prompt['get']> {
  const { arguments: declared, description } = definition;
  const names = new Set(declared.map(({ name }) => name));
  const messages = (await messagesOf(definition, deps)).map(({ role, content }) => ({
    role,
    render: compileContent(content, names),
  }));
  return async (call): Promise<PromptResult> => {
    const values = readArguments(declared, call.args);
    return {
      ...(description === undefined ? {} : { description }),
      messages: messages.map(({ role, render }) => ({ role, content: parseItem(render(values)) })),
    };
  };
}

type Message = NonNullable<PromptDefinition['messages']>[number];

async function messagesOf(definition: PromptDefinition, deps: PromptDeps): Promise<readonly Message[]> {
  const { template, messages, templateFile } = definition;
  if (messages !== undefined) return messages;
  if (template !== undefined) return [{ role: 'user', content: template }];
  if (templateFile !== undefined) return [{ role: 'user', content: await readTemplate(templateFile, deps) }];
  throw new HandlerError(
    'HANDLER_CONFIG_ERROR',
    'A prompt needs one of template, messages, templateFile or handler.',
  );
}

async function readTemplate(file: string, { baseDirectory, files }: PromptDeps): Promise<string> {
  const path = resolveDocument(baseDirectory, file);
  files.push(path);
  const bytes = await readDocument(path, { root: baseDirectory, maxBytes: TEMPLATE_BYTES_MAX }).catch(
    (error: unknown) => {
      throw new HandlerError('HANDLER_CONFIG_ERROR', `The template file ${file} cannot be read.`, {
        cause: error,
      });
    },
  );
  const text = decodeText(bytes);
  if (text === undefined)
    throw new HandlerError('HANDLER_CONFIG_ERROR', `The template file ${file} is not UTF-8 text.`);
  return text.replace(/^\uFEFF/, '');
}

const ITEM_TYPES: readonly unknown[] = ['text', 'image', 'audio', 'resource', 'resource_link'];

function compileContent(content: Message['content'], names: ReadonlySet<string>): RenderValue {
  if (typeof content === 'string') {
    const render = compileTemplate(content, names);
    return (values) => ({ type: 'text', text: render(values) });
  }
  if (!ITEM_TYPES.includes(content.type)) {
    throw new HandlerError(
      'HANDLER_CONFIG_ERROR',
      `The type of a content item is one of ${ITEM_TYPES.join(', ')}.`,
    );
  }
  return compileValue(content, names);
}

/** Checked when it was compiled: rendering changes strings inside, never the shape. */
function parseItem(item: unknown): ContentItem {
  return item as ContentItem;
}

/**
 * The text of each declared argument that was given; others are ignored. Throws QuaysideError `invalid_params`
 * with `data.missing` for required ones, and for values that are no text or not among the allowed ones.
 */
function readArguments(declared: readonly Argument[], args: JsonObject): Values {
  const values = new Map<string, string>();
  const missing: string[] = [];
  for (const { name, required, enum: allowed } of declared) {
    const value = Object.hasOwn(args, name) ? args[name] : undefined;
    if (value === undefined || value === null) {
      if (required) missing.push(name);
      continue;
    }
    const text = toText(name, value);
    if (allowed !== undefined && !allowed.includes(text)) {
      throw invalid(`The prompt argument ${name} must be one of ${allowed.join(', ')}.`, {
        argument: name,
        allowed,
      });
    }
    values.set(name, text);
  }
  if (missing.length > 0)
    throw invalid(`Required prompt arguments are missing: ${missing.join(', ')}.`, { missing });
  return values;
}

function toText(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw invalid(`The prompt argument ${name} must be a string.`, { argument: name });
}

function invalid(message: string, data: JsonObject): QuaysideError {
  return new QuaysideError('invalid_params', { message, data });
}

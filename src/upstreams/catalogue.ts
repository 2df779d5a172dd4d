// What an upstream offers, read from its lists and bounded: names, sizes, pages and items.
import { headerParameterProblem } from '../definition/rules/header-parameters.ts';
import type { JsonObject, PromptSpec, ResourceSpec, ResourceTemplateSpec, ToolAnnotations } from '../tool.ts';
import {
  LIST_ITEMS_MAX,
  LIST_PAGES_MAX,
  NAME_LENGTH_MAX,
  TEXT_LENGTH_MAX,
  TOOL_BYTES_MAX,
} from './bounds.ts';
import { isObject, objectsOf } from './json-object.ts';
import type { Session } from './session/session.ts';
import { pageMetaOf, toolUiOf, type UpstreamToolUi } from './ui-meta.ts';
import { UpstreamError } from './upstream-error.ts';

/** A tool as an upstream lists it; all that a pin covers. */
export interface UpstreamTool {
  readonly name: string;
  readonly title?: string;
  readonly description: string;
  readonly inputSchema: JsonObject;
  readonly outputSchema?: JsonObject;
  readonly annotations?: ToolAnnotations;
  readonly ui?: UpstreamToolUi;
}

/** What an upstream listed last. */
export interface Listing {
  readonly tools: readonly UpstreamTool[];
  readonly prompts: readonly PromptSpec[];
  readonly resources: readonly ResourceSpec[];
  readonly resourceTemplates: readonly ResourceTemplateSpec[];
  /** Entries that cannot be offered, one line each. */
  readonly problems: readonly string[];
}

/** Of an upstream that was not reached yet. */
export const NOTHING: Listing = {
  tools: [],
  prompts: [],
  resources: [],
  resourceTemplates: [],
  problems: [],
};

/** All lists that the upstream declares. Rejects with UpstreamError; `timeoutMs` holds for each page. */
export async function readListing(session: Session, timeoutMs: number): Promise<Listing> {
  const { capabilities } = session;
  const problems: string[] = [];
  const read = <Item>(
    capability: string,
    list: ListSource,
    parse: (entry: JsonObject) => Item | string,
  ): Promise<Item[]> =>
    capabilities[capability] === undefined
      ? Promise.resolve([])
      : readList(session, list, timeoutMs).then((entries) =>
          entries.flatMap((entry) => {
            const item = parse(entry);
            if (typeof item !== 'string') return [item];
            problems.push(item);
            return [];
          }),
        );
  const [tools, prompts, resources, resourceTemplates] = await Promise.all([
    read('tools', { method: 'tools/list', member: 'tools' }, parseTool),
    read('prompts', { method: 'prompts/list', member: 'prompts' }, parsePrompt),
    read('resources', { method: 'resources/list', member: 'resources' }, parseResource),
    // Servers of early revisions declare resources and know no templates.
    read('resources', OPTIONAL_TEMPLATES, parseTemplate),
  ]);
  return {
    tools: unique(tools, ({ name }) => name, problems),
    prompts: unique(prompts, ({ name }) => name, problems),
    resources: unique(resources, ({ uri }) => uri, problems),
    resourceTemplates: unique(resourceTemplates, ({ uriTemplate }) => uriTemplate, problems),
    problems,
  };
}

interface ListSource {
  readonly method: string;
  readonly member: string;
  readonly isOptional?: true;
}

const OPTIONAL_TEMPLATES: ListSource = {
  method: 'resources/templates/list',
  member: 'resourceTemplates',
  isOptional: true,
};

async function readList(
  session: Session,
  { method, member, isOptional }: ListSource,
  timeoutMs: number,
): Promise<JsonObject[]> {
  const entries: JsonObject[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < LIST_PAGES_MAX; page++) {
    const params = cursor === undefined ? {} : { cursor };
    let result: JsonObject;
    try {
      result = await session.request({ method, params, timeoutMs });
    } catch (error) {
      if (isOptional && error instanceof UpstreamError && error.reason === 'answered') return entries;
      throw error;
    }
    if (!Array.isArray(result[member]))
      throw new UpstreamError('garbage', `The upstream answered ${method} with no list.`);
    entries.push(...objectsOf(result[member]));
    if (entries.length > LIST_ITEMS_MAX) return entries.slice(0, LIST_ITEMS_MAX);
    const { nextCursor } = result;
    if (typeof nextCursor !== 'string' || nextCursor === cursor) return entries;
    cursor = nextCursor;
  }
  return entries;
}

function parseTool(entry: JsonObject): UpstreamTool | string {
  const { name, title, description, inputSchema, outputSchema } = entry;
  if (!isName(name)) return 'a tool without a usable name';
  if (!isObject(inputSchema)) return `${name}: it has no inputSchema`;
  const ui = toolUiOf(entry);
  const tool: UpstreamTool = {
    name,
    ...(typeof title === 'string' ? { title } : {}),
    description: typeof description === 'string' ? description : '',
    inputSchema,
    ...(isObject(outputSchema) ? { outputSchema } : {}),
    ...annotationsOf(entry.annotations),
    ...(ui === undefined ? {} : { ui }),
  };
  const text = JSON.stringify(tool);
  if (text.length > TOOL_BYTES_MAX) return `${name}: its definition is larger than ${TOOL_BYTES_MAX} bytes`;
  // Clients must drop such a tool (MCP 2026-07-28, tools: x-mcp-header), and ours would.
  const isAnnotated = text.includes('"x-mcp-header"');
  const problem = isAnnotated ? headerParameterProblem(JSON.stringify(inputSchema)) : undefined;
  return problem === undefined ? tool : `${name}: ${problem}`;
}

const HINTS = ['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint'] as const;

function annotationsOf(value: unknown): { readonly annotations?: ToolAnnotations } {
  if (!isObject(value)) return {};
  const hints = HINTS.flatMap((hint) => (typeof value[hint] === 'boolean' ? [[hint, value[hint]]] : []));
  const title = typeof value.title === 'string' ? { title: value.title } : {};
  return { annotations: { ...title, ...Object.fromEntries(hints) } };
}

function parsePrompt(entry: JsonObject): PromptSpec | string {
  const { name } = entry;
  if (!isName(name)) return 'a prompt without a usable name';
  return {
    name,
    ...texts(entry, ['title', 'description']),
    arguments: objectsOf(entry.arguments).flatMap((argument) =>
      isName(argument.name)
        ? [
            {
              name: argument.name,
              ...texts(argument, ['description']),
              required: argument.required === true,
            },
          ]
        : [],
    ),
  };
}

function parseResource(entry: JsonObject): ResourceSpec | string {
  const { uri, name, size, annotations } = entry;
  if (typeof uri !== 'string' || uri.length > TEXT_LENGTH_MAX || !URL.canParse(uri))
    return 'a resource without a usable address';
  const _meta = pageMetaOf(entry);
  return {
    uri,
    name: isName(name) ? name : uri.slice(0, NAME_LENGTH_MAX),
    ...texts(entry, ['title', 'description', 'mimeType']),
    ...(isObject(annotations) ? { annotations } : {}),
    ...(typeof size === 'number' ? { size } : {}),
    ...(_meta === undefined ? {} : { _meta }),
  };
}

function parseTemplate(entry: JsonObject): ResourceTemplateSpec | string {
  const { uriTemplate, name, annotations } = entry;
  if (typeof uriTemplate !== 'string' || uriTemplate.length > TEXT_LENGTH_MAX)
    return 'a resource template without a usable address';
  return {
    uriTemplate,
    name: isName(name) ? name : uriTemplate.slice(0, NAME_LENGTH_MAX),
    ...texts(entry, ['title', 'description', 'mimeType']),
    ...(isObject(annotations) ? { annotations } : {}),
  };
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= NAME_LENGTH_MAX;
}

/** The members that are texts, cut where they are too long. */
function texts<Key extends string>(
  entry: JsonObject,
  keys: readonly Key[],
): { readonly [K in Key]?: string } {
  const found: { [K in Key]?: string } = {};
  for (const key of keys) {
    const value = entry[key];
    if (typeof value === 'string') found[key] = value.slice(0, TEXT_LENGTH_MAX);
  }
  return found;
}

/** The first of those that have one name; the others could not be told from it. */
function unique<Item>(items: readonly Item[], keyOf: (item: Item) => string, problems: string[]): Item[] {
  const seen = new Set<string>();
  return items.filter((item) => {
    const key = keyOf(item);
    if (seen.has(key)) problems.push(`${key}: it is listed twice`);
    const isFirst = !seen.has(key);
    seen.add(key);
    return isFirst;
  });
}

// `discovery: search`: two tools in place of a long list, one that finds tools and one that calls what was found.
import type { Definition } from '../definition/schema/definition.ts';
import { DISCOVERY_TOOL_NAMES } from '../definition/schema/tool.ts';
import { HandlerError, QuaysideError } from '../errors.ts';
import { type Access, createAccess } from '../gate/permission/access.ts';
import { toErrorResult } from '../handlers/result.ts';
import { createFieldIndex, type FieldTexts } from '../retrieval/field-index.ts';
import type { Call, JsonObject, Permission, Principal, Tool, ToolResult, ToolSpec } from '../tool.ts';
import { toListedTool } from './listed-tool.ts';
import type { ServerPlan, ToolEntry } from './server-plan.ts';

const [SEARCH_TOOL, CALL_TOOL] = DISCOVERY_TOOL_NAMES;

/** Five fit what most questions need; a model that wants more asks for more. */
const FOUND_DEFAULT = 5;
const FOUND_MAX = 20;

/** Their calls end within milliseconds; the search is on the main thread. */
const TIMEOUT_MS = 5000;

/** The two tools over what is served, in the order in which they are listed. */
export function discoveryTools(tools: readonly ToolEntry[], definition: Definition): readonly Tool[] {
  return [searchTool(tools, definition), callTool(definition)];
}

/**
 * The tool and arguments that a call of `call_tool` means, so that it passes the gate of that very tool. Undefined
 * when the call is another, is malformed, or names no tool: it then runs as it is, and says what is wrong with it.
 */
export function calledThrough(
  server: Pick<ServerPlan, 'definition' | 'tools'>,
  name: string,
  args: JsonObject,
): { readonly entry: ToolEntry; readonly args: JsonObject } | undefined {
  if (name !== CALL_TOOL || server.definition.discovery !== 'search') return undefined;
  const { name: wanted, arguments: inner = {}, ...others } = args;
  if (typeof wanted !== 'string' || wanted === CALL_TOOL || Object.keys(others).length > 0) return undefined;
  if (!isObject(inner)) return undefined;
  const entry = server.tools.get(wanted);
  return entry === undefined ? undefined : { entry, args: inner };
}

function searchTool(tools: readonly ToolEntry[], { security }: Definition): Tool {
  const index = createFieldIndex(
    tools.map(({ item }) => textsOf(item.spec)),
    WEIGHTS,
  );
  // Who knows the name finds the tool, whatever others are called.
  const numbers = new Map(
    tools.flatMap(({ item: { spec } }, at) => [[spec.name, at] as const, [spec.listedName, at] as const]),
  );
  const known = new WeakMap<Principal, Access>();
  const accessOf = (principal: Principal): Access => {
    const access = known.get(principal) ?? createAccess(principal, security.permissions);
    known.set(principal, access);
    return access;
  };
  return {
    spec: SEARCH_SPEC,
    async run({ args, principal }: Call): Promise<ToolResult> {
      const access = accessOf(principal);
      const { allowed, rule } = access.decide('tools:list');
      // What is denied outright is no more open to a search than to a list.
      if (!allowed && rule !== undefined)
        throw new QuaysideError('forbidden', {
          message: 'Permission missing: tools:list.',
          data: { required: ['tools:list'] },
        });
      const limit = typeof args.limit === 'number' ? args.limit : FOUND_DEFAULT;
      const query = String(args.query);
      const admits = (at: number) => access.allows(tools[at]?.target.permission ?? NOTHING);
      const named = numbers.get(query.trim());
      const found = index.search(query, limit, (at) => at !== named && admits(at));
      const all = named === undefined || !admits(named) ? found : [named, ...found].slice(0, limit);
      const specs = all.flatMap((at) => tools[at]?.item.spec ?? []);
      return { content: [{ type: 'text', text: textOf(specs) }] };
    },
  };
}

const NOTHING: Permission = { anyOf: [], allOf: [] };

/** What models need to choose and to call: annotations and result schemas would cost more than they help. */
function textOf(specs: readonly ToolSpec[]): string {
  if (specs.length === 0) return 'No tool that you may call matches. Try other words for what it does.';
  const tools = specs.map((spec) => {
    const { name, description, inputSchema } = toListedTool(spec);
    return { name, description, inputSchema };
  });
  return JSON.stringify({ tools });
}

/** Only reached where no tool of the name is served; every other call goes to the tool itself. */
function callTool(definition: Definition): Tool {
  return {
    spec: { ...CALL_SPEC, timeoutMs: definition.limits.requestTimeout },
    async run({ args }: Call): Promise<ToolResult> {
      const name = String(args.name).slice(0, NAME_SHOWN_MAX);
      const message = `There is no tool named ${JSON.stringify(name)}. Find one with ${SEARCH_TOOL}.`;
      return toErrorResult(new HandlerError('HANDLER_NOT_FOUND', message));
    },
  };
}

/** Names come from the caller: long ones are cut. */
const NAME_SHOWN_MAX = 200;

const SEARCH_SPEC: ToolSpec = Object.freeze({
  name: SEARCH_TOOL,
  listedName: SEARCH_TOOL,
  description: `Finds tools of this server by what they do. Answers the best matches with the arguments that each takes; call one with ${CALL_TOOL}.`,
  inputSchema: {
    type: 'object',
    properties: {
      query: {
        type: 'string',
        minLength: 1,
        maxLength: 1000,
        description: 'What you want to do, in a few words: the action and the thing it is about.',
      },
      limit: {
        type: 'integer',
        minimum: 1,
        maximum: FOUND_MAX,
        default: FOUND_DEFAULT,
        description: 'Most tools that are answered.',
      },
    },
    required: ['query'],
    additionalProperties: false,
  },
  annotations: { readOnlyHint: true, openWorldHint: false },
  tags: [],
  timeoutMs: TIMEOUT_MS,
  permissions: [],
});

const CALL_SPEC: ToolSpec = Object.freeze({
  name: CALL_TOOL,
  listedName: CALL_TOOL,
  description: `Calls a tool that ${SEARCH_TOOL} found.`,
  inputSchema: {
    type: 'object',
    properties: {
      name: { type: 'string', minLength: 1, description: 'Name of the tool.' },
      arguments: { type: 'object', description: 'Its arguments, as its inputSchema says.' },
    },
    required: ['name'],
    additionalProperties: false,
  },
  annotations: {},
  tags: [],
  timeoutMs: TIMEOUT_MS,
  permissions: [],
});

/** A name is chosen to tell tools apart; what a schema says is shared by many. */
const WEIGHTS = {
  name: { weight: 3, lengthShare: 0.2 },
  description: { weight: 2, lengthShare: 0.5 },
  parameters: { weight: 0.5, lengthShare: 0.75 },
  schema: { weight: 0.3, lengthShare: 0.75 },
} as const;

function textsOf({ listedName, title, description, tags, inputSchema }: ToolSpec): FieldTexts {
  const parameters: string[] = [];
  const schema: string[] = [];
  collect(inputSchema, parameters, schema);
  return {
    name: [listedName, title ?? '', ...tags].join(' '),
    description,
    parameters: parameters.join(' '),
    schema: schema.join(' '),
  };
}

/** Names of properties at any depth, and the words and values that a schema gives them. */
function collect(schema: unknown, parameters: string[], words: string[]): void {
  if (!isObject(schema)) return;
  const { title, description, enum: values, const: only, properties } = schema;
  for (const word of [title, description, only, ...(Array.isArray(values) ? values : [])])
    if (typeof word === 'string') words.push(word);
  if (isObject(properties)) {
    for (const [name, member] of Object.entries(properties)) {
      parameters.push(name);
      collect(member, parameters, words);
    }
  }
  for (const keyword of ['items', 'anyOf', 'oneOf', 'allOf'] as const) {
    for (const member of [schema[keyword]].flat()) collect(member, parameters, words);
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

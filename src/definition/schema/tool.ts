// A tool of a definition (spec servers §2.2), in canonical form: one `handler` object, one `inputSchema`.
import { Handler } from './handler.ts';
import { WindowLimit } from './security.ts';
import { ToolUi } from './ui.ts';
import {
  any,
  array,
  boolean,
  choice,
  integer,
  object,
  optional,
  record,
  type Static,
  string,
  union,
} from './vocabulary.ts';

/** Names that are permission verbs and so cannot name a tool. */
export const RESERVED_TOOL_NAMES = ['call', 'list'] as const;

/** Names that no other tool can have where tools are searched: what finds them, and what calls them. */
export const DISCOVERY_TOOL_NAMES = ['search_tools', 'call_tool'] as const;

const jsonSchema = (doc: string) => record(doc, any('JSON Schema keyword.'));

const ToolCache = object('Caching of this tool; declares it read-only.', {
  enabled: boolean('Whether results are cached.', { fallback: true }),
  ttl: optional(integer('Lifetime of a result; that of `caching` when absent.', { unit: 's', minimum: 1 })),
  vary: choice('Who shares a cached result.', ['tenant', 'principal', 'public'], { fallback: 'tenant' }),
});

const Sandbox = object('What the code of the handler may reach.', {
  allowFileSystem: boolean('Whether files may be read.', { fallback: false }),
  allowNetwork: boolean('Whether `context.fetch` exists.', { fallback: false }),
  allowedPaths: array('Folders that may be read.', string('Path.'), { fallback: [] }),
  allowedDomains: array('Hosts that may be reached; narrows what the egress rules allow.', string('Host.'), {
    fallback: [],
  }),
  secrets: array(
    'Secrets that `context.secrets.get` may read.',
    string('Name, or `aws:path#key`.', { minLength: 1 }),
    {
      fallback: [],
      trustedOnly: true,
      examples: [['mail-token']],
    },
  ),
  memoryMb: integer('Most memory of the code.', { unit: 'MiB', minimum: 8, maximum: 4096, fallback: 64 }),
});

const ToolExample = object('A call with its expected result.', {
  name: optional(string('Name of the case.')),
  description: optional(string('What it shows.')),
  input: record('Arguments.', any('Value.')),
  expectedOutput: optional(any('Expected result.')),
});

/** A tool with one `handler` object and one `inputSchema`. */
export const Tool = object('An MCP tool.', {
  name: string('Unique name; dots are allowed, see `toolNames`.', {
    pattern: /^[A-Za-z0-9_.-]{1,128}$/,
    examples: ['find_orders'],
  }),
  description: string('What the tool does, for the model that chooses it.', {
    minLength: 1,
    maxLength: 4096,
  }),
  title: optional(string('Name for people.')),
  tags: array('Free words for grouping.', string('Tag.'), { fallback: [] }),
  version: optional(string('Version of the tool.')),
  experimental: optional(any('Marks the tool as experimental; passed to clients in `_meta`.')),
  deprecated: union(
    'Marks the tool as deprecated in its description and `_meta`.',
    [
      boolean('Deprecated or not.'),
      object('Deprecated, with details.', {
        message: optional(string('Why, and what to do.')),
        since: optional(string('Version or date.')),
        replacement: optional(string('Name of the tool to use instead.')),
      }),
    ],
    { fallback: false },
  ),
  inputSchema: jsonSchema('JSON Schema 2020-12 of the arguments, of type object. Short form: `input`.'),
  outputSchema: optional(jsonSchema('JSON Schema of the structured result; each result is checked.')),
  fields: optional(
    array(
      'Fields of the structured result that are kept, as dotted paths that lead through lists; all when absent.',
      string('Path.', { pattern: /^[^.]+(\.[^.]+)*$/ }),
      { minItems: 1, maxItems: 200, examples: [['id', 'items.sku']] },
    ),
  ),
  ui: optional(ToolUi),
  annotations: optional(
    object('Hints for clients; derived from the handler where absent.', {
      title: optional(string('Name for people.')),
      readOnlyHint: optional(boolean('The tool changes nothing.')),
      destructiveHint: optional(boolean('The tool may destroy data.')),
      idempotentHint: optional(boolean('Calling twice has the effect of calling once.')),
      openWorldHint: optional(boolean('The tool reaches beyond this server.')),
    }),
  ),
  handler: Handler,
  timeout: optional(
    integer('Milliseconds until the call is ended; that of the handler when absent.', {
      unit: 'ms',
      minimum: 1,
    }),
  ),
  rateLimit: optional(WindowLimit),
  cache: optional(ToolCache),
  permissions: array(
    'Permissions demanded besides `tools:<name>`.',
    string('Permission.', { minLength: 1 }),
    {
      fallback: [],
      examples: [['sql:read']],
    },
  ),
  sandbox: optional(Sandbox),
  idempotency: optional(
    object('Exactly-once behaviour of writing tools.', {
      mode: choice('Whether callers may or must send a key.', ['none', 'optional', 'required'], {
        fallback: 'optional',
      }),
      argument: string('Argument that carries the key.', { minLength: 1, fallback: 'idempotency_key' }),
      reconcile: optional(Handler),
    }),
  ),
  approval: optional(
    object('A person confirms each call.', {
      required: boolean('Whether confirmation is needed.'),
      ttl: integer('How long a request for confirmation stays open.', {
        unit: 's',
        minimum: 1,
        fallback: 600,
      }),
      byRequester: boolean('Whether who made the call may confirm it as well.', { fallback: false }),
    }),
  ),
  task: optional(
    choice(
      'Whether a call may go on as a task that its client asks about later: for work that takes minutes, or waits for people; forbidden when absent. Such a tool runs up to 10 minutes where `timeout` says nothing.',
      ['forbidden', 'optional', 'required'],
    ),
  ),
  examples: array('Calls that `quayside test` runs.', ToolExample, { fallback: [] }),
  enabled: boolean('A disabled tool is not served.', { fallback: true }),
  environments: record(
    'Per environment: true or false, or the keys that differ there.',
    union('Difference.', [boolean('Served there or not.'), record('Keys that differ.', any('Value.'))]),
    { fallback: {}, examples: [{ production: false }] },
  ),
});

export type Tool = Static<typeof Tool>;

// Handler objects of a definition (spec servers §2.4), in canonical form: shorthands are already expanded.
import {
  any,
  array,
  boolean,
  choice,
  integer,
  number,
  object,
  optional,
  record,
  type Static,
  size,
  string,
  union,
  variants,
} from './vocabulary.ts';

const timeout = (fallback: number) =>
  integer('Milliseconds until the call is ended with HANDLER_TIMEOUT_ERROR.', {
    unit: 'ms',
    minimum: 1,
    fallback,
    examples: [fallback],
  });

/** MiB of an isolate where nobody chose a limit. */
export const DEFAULT_INLINE_MEMORY_MB = 64;

/** Code in the definition itself. */
export const InlineHandler = object('A line of JavaScript, run in an isolate.', {
  code: string('A function expression, or a body with `return`.', {
    minLength: 1,
    examples: ['(args) => args.a + args.b'],
  }),
  timeout: timeout(5000),
  memoryMb: integer('Most memory of the isolate.', {
    unit: 'MiB',
    minimum: 8,
    maximum: 1024,
    fallback: DEFAULT_INLINE_MEMORY_MB,
  }),
});

/** A module of the author. */
export const FileHandler = object(
  'A module of your own, run on a worker thread.',
  {
    path: string('Module in TypeScript or JavaScript; a relative path starts at the definition file.', {
      minLength: 1,
      examples: ['./tools/slugify.ts'],
    }),
    export: string('Name of the exported function.', { minLength: 1, fallback: 'default' }),
    timeout: timeout(5000),
    isolation: choice(
      '`worker` can be killed at its timeout; `inprocess` shares the main thread and cannot.',
      ['worker', 'inprocess'],
      { fallback: 'worker' },
    ),
  },
  { trustedOnly: true },
);

/** Methods that a handler may send. */
export const HTTP_METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'] as const;

/** A request to an HTTP API. */
export const HttpHandler = object('A request to an HTTP API.', {
  url: string('Absolute URL; `${args.x}` may stand in path and query, never in scheme or host.', {
    minLength: 1,
    substitute: 'arguments',
    examples: ['https://api.example.com/v1/items/${args.id}'],
  }),
  method: choice('HTTP method. The string form of a handler sends POST.', HTTP_METHODS, { fallback: 'GET' }),
  headers: record('Request headers.', string('Value.', { substitute: 'arguments', secret: true }), {
    fallback: {},
    examples: [{ authorization: 'Bearer ${API_TOKEN}' }],
  }),
  query: record('Query parameters.', any('Value.', { substitute: 'arguments', secret: true }), {
    fallback: {},
    examples: [{ limit: '${args.limit}' }],
  }),
  body: optional(
    union(
      'Request body of POST, PUT and PATCH; all arguments as JSON when absent, none when an empty text.',
      [
        string('Text.', { substitute: 'arguments' }),
        record('JSON object.', any('Value.', { substitute: 'arguments' })),
        array('JSON array.', any('Value.', { substitute: 'arguments' })),
      ],
      { examples: [{ title: '${args.title}' }] },
    ),
  ),
  parts: optional(
    record(
      'What the parts of a multipart body say of themselves, by the names of its fields.',
      object('One part.', {
        filename: optional(
          string('Name of the file; that of the field when absent.', {
            minLength: 1,
            substitute: 'arguments',
            examples: ['${args.name}.png'],
          }),
        ),
        contentType: optional(
          string('Media type of the part.', {
            pattern: /^[\w.+-]+\/[\w.+-]+(?:; ?[\w-]+=[\w.-]+)*$/,
            examples: ['image/png'],
          }),
        ),
      }),
      { examples: [{ photo: { filename: 'photo.png', contentType: 'image/png' } }] },
    ),
  ),
  timeout: timeout(5000),
  retries: integer('Extra attempts after connection errors, 429, 502, 503 and 504.', {
    minimum: 0,
    maximum: 5,
    fallback: 0,
  }),
  requestTransform: optional(
    string(
      'Inline code `(args, context) => ({ body?, query?, headers? })` that turns the arguments into parts of the request.',
      { minLength: 1, examples: ['(args) => ({ body: { text: args.text.trim() } })'] },
    ),
  ),
  responseTransform: optional(
    string(
      'Inline code `(body, context) => result` that turns the response into the result; `context.response` has status and headers.',
      { minLength: 1, examples: ['(body) => body.items.length'] },
    ),
  ),
  maxResponseSize: size('Largest response that is read.', '1mb'),
  followRedirects: integer('Most redirects, each checked like the first address; 0 follows none.', {
    minimum: 0,
    maximum: 10,
    fallback: 3,
  }),
  appendArgs: boolean('GET, DELETE and HEAD append unused arguments to the query.', { fallback: true }),
  expect: optional(
    array('Accepted status codes; 2xx when absent.', integer('Status.', { minimum: 100, maximum: 599 }), {
      minItems: 1,
      examples: [[200, 404]],
    }),
  ),
});

/** A registered function. */
export const RegistryHandler = object('A function that an embedding program or a plugin registered.', {
  name: string('Registered name.', { minLength: 1 }),
  timeout: timeout(5000),
});

/** A statement or template. */
export const SqlHandler = object('One SQL statement or template against a declared database.', {
  database: string('Key of `databases`.', { minLength: 1, fallback: 'main' }),
  template: optional(string('Key of `sqlTemplates`, or a built-in template.', { minLength: 1 })),
  statement: optional(
    string('One statement with `:name` parameters.', {
      minLength: 1,
      examples: ['SELECT id, total FROM orders WHERE customer = :customer'],
    }),
  ),
  mode: choice('`read` refuses every statement that writes.', ['read', 'write'], { fallback: 'read' }),
  maxRows: integer('Most rows of a result.', { minimum: 1, maximum: 100_000, fallback: 1000 }),
  timeout: timeout(30_000),
  result: choice(
    'All rows, the first row, or the first column of the first row.',
    ['rows', 'first', 'scalar'],
    {
      fallback: 'rows',
    },
  ),
});

/** A tool of an upstream server. */
export const McpHandler = object('A tool of an upstream MCP server.', {
  upstream: string('Key of `upstreams`.', { minLength: 1 }),
  tool: string('Name of the tool there.', { minLength: 1 }),
  arguments: optional(
    record(
      'Arguments sent instead of those received.',
      any('Value; `${args.x}` inserts an argument.', { substitute: 'arguments' }),
      { examples: [{ path: '${args.file}' }] },
    ),
  ),
  timeout: timeout(30_000),
});

/** A prompt for a model. */
export const PromptHandler = object('A prompt sent to a model.', {
  prompt: optional(string('Name of a prompt of this definition.', { minLength: 1 })),
  system: optional(string('System text; goes with `template`.')),
  template: optional(string('Text with `{{argument}}` placeholders.', { minLength: 1 })),
  model: optional(string('Key of `models`; the first one when absent.', { minLength: 1 })),
  temperature: optional(
    number('Sampling temperature; that of the model when absent.', { minimum: 0, maximum: 2 }),
  ),
  maxTokens: optional(integer('Most tokens of the answer; those of the model when absent.', { minimum: 1 })),
  output: choice(
    '`json` parses the answer and holds it to the `outputSchema` of the tool.',
    ['text', 'json'],
    {
      fallback: 'text',
    },
  ),
  context: optional(
    object('Passages added from a knowledge collection.', {
      collection: string('Name of the collection.', { minLength: 1 }),
      topK: integer('Number of passages.', { minimum: 1, maximum: 100, fallback: 5 }),
    }),
  ),
  withoutModel: choice(
    'Where no model is configured: answers with the prompt itself, asks the model of the client, or fails.',
    ['return_prompt', 'sampling', 'error'],
    { fallback: 'return_prompt' },
  ),
  timeout: optional(
    integer('Milliseconds until the call is ended; that of the model when absent.', {
      unit: 'ms',
      minimum: 1,
    }),
  ),
});

/** Any handler, told apart by `type`. */
export const Handler = variants('What runs when the tool is called.', {
  inline: InlineHandler,
  file: FileHandler,
  http: HttpHandler,
  registry: RegistryHandler,
  sql: SqlHandler,
  mcp: McpHandler,
  prompt: PromptHandler,
});

export type Handler = Static<typeof Handler>;
/** The kinds of handlers, as `type` names them. */
export type HandlerKind = Handler['type'];
export type InlineHandler = Extract<Handler, { type: 'inline' }>;
export type FileHandler = Extract<Handler, { type: 'file' }>;
export type HttpHandler = Extract<Handler, { type: 'http' }>;
export type RegistryHandler = Extract<Handler, { type: 'registry' }>;
export type SqlHandler = Extract<Handler, { type: 'sql' }>;
export type McpHandler = Extract<Handler, { type: 'mcp' }>;
export type PromptHandler = Extract<Handler, { type: 'prompt' }>;

// schema/quayside.schema.json: everything a definition may hold, short forms included, for editors.

import { defaultOf } from '../../src/definition/default-value.ts';
import { HANDLER_KEYS } from '../../src/definition/expand/tool.ts';
import { CLIENT_KEYS, URL_KEYS } from '../../src/definition/expand/upstream.ts';
import { Prompt, Resource, ResourceTemplate } from '../../src/definition/schema/content.ts';
import { Caching, Database, Definition, Model } from '../../src/definition/schema/definition.ts';
import { Handler } from '../../src/definition/schema/handler.ts';
import { ApiKey, Security, WindowLimit } from '../../src/definition/schema/security.ts';
import { Tool } from '../../src/definition/schema/tool.ts';
import { Upstream } from '../../src/definition/schema/upstream.ts';
import type { Notes, ObjectShape, Shape } from '../../src/definition/schema/vocabulary.ts';

/** A JSON Schema document or a part of one. */
export type JsonSchema = { [keyword: string]: unknown };

const named: Readonly<Record<string, Shape>> = {
  Definition,
  Tool,
  Prompt,
  Resource,
  ResourceTemplate,
  Handler,
  Security,
  ApiKey,
  WindowLimit,
  Caching,
  Upstream,
  Database,
  Model,
};

const SIZE_PATTERN = '^\\s*\\d+(\\.\\d+)?\\s*([bB]|[kKmMgG][iI]?[bB])?\\s*$';
const FORMATS: Readonly<Record<string, JsonSchema>> = {
  uri: { format: 'uri' },
  instant: { pattern: '^\\d{4}-\\d{2}-\\d{2}(T.*)?$' },
  cidr: { pattern: '^[0-9A-Fa-f:.]+(%\\w+)?(/\\d{1,3})?$' },
  size: { pattern: SIZE_PATTERN },
};
const HANDLER_NOTES =
  'A handler object, or its text: a URL (POST), registry:NAME, sql:TEMPLATE, mcp:SERVER/TOOL, prompt:NAME, code, or a path.';
const RECONCILE_NOTES =
  'What finds out whether a call took effect whose end nobody saw: a handler that is given the arguments and the key. What it answers is the answer of the call; nothing found lets the call run again; a failure leaves it open.';

/** The file's whole text. */
export function renderDefinitionSchema(): string {
  return `${JSON.stringify(definitionSchema(), null, 2)}\n`;
}

/** The accepted forms as JSON Schema 2020-12. */
export function definitionSchema(): JsonSchema {
  const $defs = Object.fromEntries(
    Object.entries(named).map(([name, shape]) => [name, toSchema(shape, name)]),
  );
  adaptDefinition(assertSchema($defs.Definition));
  adaptTool(assertSchema($defs.Tool));
  adaptUpstream(assertSchema($defs.Upstream));
  for (const name of ['Prompt', 'Resource', 'ResourceTemplate'])
    acceptHandlerText(propertiesOf(assertSchema($defs[name])));
  for (const name of ['Tool', 'Prompt', 'Resource'])
    $defs[`${name}Entry`] = entryOf(assertSchema($defs[name]));
  const security = propertiesOf(assertSchema($defs.Security));
  security.ipWhitelist = {
    ...security.ipAllowlist,
    title: 'ipWhitelist',
    description: 'Alias of `ipAllowlist`.',
  };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Quayside definition',
    description: 'One MCP server, or several below `servers`.',
    if: { required: ['servers'] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
    then: {
      type: 'object',
      properties: {
        $schema: { type: 'string' },
        servers: {
          title: 'servers',
          description: 'Definitions by slug.',
          type: 'object',
          additionalProperties: { $ref: '#/$defs/Definition' },
        },
      },
      patternProperties: { '^x-': true },
      additionalProperties: false,
    },
    else: { $ref: '#/$defs/Definition' },
    $defs,
  };
}

function toSchema(shape: Shape, title?: string): JsonSchema {
  return { ...(title === undefined ? {} : { title }), ...notes(shape), ...form(shape) };
}

function notes({ doc, unit, examples, ...shape }: Notes & Shape): JsonSchema {
  const fallback = shape.optional === true ? undefined : defaultOf({ doc, ...shape });
  const isPlain = typeof fallback !== 'object' || shape.fallback !== undefined;
  return {
    description: unit === undefined ? doc : `${doc} Unit: ${unit}.`,
    ...(fallback !== undefined && isPlain ? { default: fallback } : {}),
    ...(examples === undefined ? {} : { examples }),
  };
}

/** A reference where the shape has a name, else the schema itself. */
function member(shape: Shape, title: string): JsonSchema {
  const name = Object.keys(named).find((key) => isSame(named[key], shape));
  return name === undefined ? toSchema(shape, title) : { title, ...notes(shape), $ref: `#/$defs/${name}` };
}

/** `optional` copies a shape and keeps what it is made of. */
function isSame(a: Shape | undefined, b: Shape): boolean {
  if (a?.kind === 'object' && b.kind === 'object') return a.members === b.members;
  return a?.kind === 'variants' && b.kind === 'variants' && a.variants === b.variants;
}

function form(shape: Shape): JsonSchema {
  switch (shape.kind) {
    case 'any':
      return {};
    case 'string': {
      const { minLength, maxLength, pattern, format } = shape;
      const formatted = format === undefined ? {} : FORMATS[format];
      return { type: 'string', ...defined({ minLength, maxLength, pattern: pattern?.source }), ...formatted };
    }
    case 'integer':
    case 'number':
      return { type: shape.kind, ...defined({ minimum: shape.minimum, maximum: shape.maximum }) };
    case 'boolean':
      return { type: 'boolean' };
    case 'choice':
      return { type: 'string', enum: shape.values };
    case 'array': {
      const { minItems, maxItems } = shape;
      return { type: 'array', items: itemOf(shape.items), ...defined({ minItems, maxItems }) };
    }
    case 'record':
      return { type: 'object', additionalProperties: itemOf(shape.values) };
    case 'object':
      return objectForm(shape);
    case 'union':
      return { anyOf: shape.options.map((option) => toSchema(option)) };
    case 'variants':
      return { oneOf: Object.entries(shape.variants).map(([type, variant]) => variantForm(type, variant)) };
  }
}

function itemOf(shape: Shape): JsonSchema | true {
  if (shape.kind === 'any') return true;
  const { title: _, ...schema } = member(shape, '');
  return schema;
}

function objectForm(shape: ObjectShape): JsonSchema {
  const required = Object.entries(shape.members)
    .filter(([, one]) => one.optional !== true && defaultOf(one) === undefined)
    .map(([key]) => key);
  return {
    type: 'object',
    properties: Object.fromEntries(
      Object.entries(shape.members).map(([key, one]) => [key, member(one, key)]),
    ),
    ...(required.length === 0 ? {} : { required }),
    patternProperties: { '^x-': true },
    additionalProperties: false,
  };
}

function variantForm(type: string, shape: ObjectShape): JsonSchema {
  const schema = toSchema(shape, type);
  const properties = {
    type: { title: 'type', const: type, description: shape.doc },
    ...propertiesOf(schema),
  };
  const required = Array.isArray(schema.required) ? schema.required : [];
  return { ...schema, properties, required: ['type', ...required] };
}

/** An entry of a map: its key is its name. */
function entryOf(schema: JsonSchema): JsonSchema {
  const required = Array.isArray(schema.required) ? schema.required.filter((key) => key !== 'name') : [];
  return { ...schema, required };
}

function adaptDefinition(schema: JsonSchema): void {
  const properties = propertiesOf(schema);
  schema.required = ['name', 'version'];
  for (const [key, name] of [
    ['tools', 'Tool'],
    ['prompts', 'Prompt'],
    ['resources', 'Resource'],
  ] as const) {
    const { type, items, maxItems, ...rest } = properties[key] ?? {};
    const named = { type: 'object', additionalProperties: { $ref: `#/$defs/${name}Entry` } };
    properties[key] = { ...rest, anyOf: [{ type, items, maxItems }, named] };
  }
  properties.packs = {
    ...properties.packs,
    type: ['object', 'array'],
    items: { enum: ['code', 'jira', 'sql', 'knowledge'] },
  };
  properties.mcpServers = {
    ...properties.upstreams,
    title: 'mcpServers',
    description: 'Other name of `upstreams`, as clients write it.',
  };
}

function adaptTool(schema: JsonSchema): void {
  const properties = propertiesOf(schema);
  acceptHandlerText(properties);
  acceptReconcileText(propertiesOf(assertSchema(properties.idempotency)));
  Object.assign(properties, {
    input: {
      title: 'input',
      description:
        'Short form of `inputSchema`: `name` or `name?` to `type`, `type[]`, `type = default`, `[a, b]` or a JSON Schema. Types: string integer number boolean date date-time uri email.',
      type: 'object',
      examples: [{ city: 'string', 'limit?': 'integer = 20' }],
      additionalProperties: { type: ['string', 'array', 'object'] },
    },
    sql: {
      title: 'sql',
      description: 'One statement with `:name` parameters; goes with `database`.',
      type: 'string',
    },
    database: { title: 'database', description: 'Database of `sql`.', type: 'string', default: 'main' },
    http: {
      title: 'http',
      description: 'METHOD URL.',
      type: 'string',
      examples: ['GET https://example.com/a/${args.id}'],
    },
    file: {
      title: 'file',
      description: 'Module, with `#export` where it is not the default one.',
      type: 'string',
      examples: ['./tools/slugify.ts#run'],
    },
    prompt: { title: 'prompt', description: 'Name of a prompt.', type: 'string' },
    upstream: { title: 'upstream', description: 'Tool of an upstream: server/tool.', type: 'string' },
  });
  schema.required = ['name', 'description'];
  schema.allOf = [
    { oneOf: HANDLER_KEYS.map((key) => ({ required: [key] })) },
    { oneOf: [{ required: ['input'] }, { required: ['inputSchema'] }] },
  ];
}

function adaptUpstream(schema: JsonSchema): void {
  const properties = propertiesOf(schema);
  properties.type = {
    title: 'type',
    description: 'As clients write it; `transport` says the same.',
    enum: ['stdio', 'http', 'streamable-http', 'streamableHttp', 'sse'],
  };
  properties.disabled = { title: 'disabled', description: 'Leaves the upstream out.', type: 'boolean' };
  for (const key of URL_KEYS)
    properties[key] = { title: key, description: 'Other name of `url`.', type: 'string' };
  for (const key of CLIENT_KEYS)
    properties[key] = { title: key, description: 'A setting of clients, without effect.' };
}

function acceptHandlerText(properties: Record<string, JsonSchema>): void {
  properties.handler = {
    title: 'handler',
    description: HANDLER_NOTES,
    anyOf: [{ type: 'string', minLength: 1 }, { $ref: '#/$defs/Handler' }],
  };
}

function acceptReconcileText(idempotency: Record<string, JsonSchema>): void {
  idempotency.reconcile = {
    title: 'reconcile',
    description: RECONCILE_NOTES,
    anyOf: [{ type: 'string', minLength: 1 }, { $ref: '#/$defs/Handler' }],
  };
}

function propertiesOf(schema: JsonSchema): Record<string, JsonSchema> {
  return schema.properties as Record<string, JsonSchema>;
}

function assertSchema(schema: JsonSchema | undefined): JsonSchema {
  if (schema === undefined) throw new Error('A named shape is missing.');
  return schema;
}

function defined(values: JsonSchema): JsonSchema {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

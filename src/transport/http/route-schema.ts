// The schemas of a route: checked at the door, with the words that tools use for their arguments.
import { QuaysideError } from '../../errors.ts';
import { toIssues } from '../../gate/arguments/issues.ts';
import { createSchemaEngine, type SchemaEngine } from '../../gate/arguments/schema-engine.ts';
import type { Route } from '../../route.ts';
import type { JsonObject } from '../../tool.ts';

/** A route with the checks of its parts; each throws `invalid_params` naming the first place that does not fit. */
export interface MountedRoute {
  readonly route: Route;
  readonly params: PartCheck;
  readonly query: PartCheck;
  readonly body: PartCheck;
}

/** Returns the part as the route wants it. */
type PartCheck = (value: unknown) => unknown;

/** Compiles a route's schemas, on first use. */
export function mount(route: Route, engine: SchemaEngine = createSchemaEngine()): MountedRoute {
  const { params, query, body } = route.schema ?? {};
  return {
    route,
    params: createCheck('params', params, engine),
    query: createCheck('query', query, engine),
    body: createCheck('body', body, engine),
  };
}

function createCheck(part: string, schema: JsonObject | undefined, engine: SchemaEngine): PartCheck {
  if (schema === undefined) return (value) => value;
  let check: ReturnType<SchemaEngine['compileExplaining']> | undefined;
  return (value) => {
    check ??= engine.compileExplaining(schema);
    const given = part === 'body' ? value : withTypes(value, schema);
    const [first] = toIssues(check(given), given, schema);
    if (first === undefined) return given;
    const { field, problem, fix } = first.issue;
    const place = field === 'root' ? part : `${part}.${field}`;
    throw new QuaysideError('invalid_params', {
      message: `${place}: ${problem} ${fix}`,
      data: { field: place },
    });
  };
}

/** Path and query arrive as text; what the schema calls a number or a boolean becomes one where it reads as one. */
function withTypes(value: unknown, { properties }: JsonObject): unknown {
  if (!isObject(value) || !isObject(properties)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, text]) => [name, toType(text, properties[name])]),
  );
}

function toType(text: unknown, schema: unknown): unknown {
  if (typeof text !== 'string' || !isObject(schema)) return text;
  if (schema.type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  const isNumber = schema.type === 'integer' || schema.type === 'number';
  return isNumber && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

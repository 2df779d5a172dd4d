// Builds a valid example of a schema: makes a candidate, lets the schema judge it, and changes what was judged wrong.
import type { JsonObject } from '../../../tool.ts';
import type { SchemaFinding } from '../schema-engine.ts';
import { isSchemaObject } from '../schema-reference.ts';
import { unfold } from './alternatives.ts';
import { arrayExample, objectExample } from './container-example.ts';
import { type ExampleSearch, NONE, type Position } from './example-search.ts';
import { typesOf } from './merge-schemas.ts';
import { numberExamples, stringExamples } from './scalar-example.ts';

/** Candidates judged before giving up; each costs microseconds, and only after a call was refused. */
const ATTEMPTS_MAX = 300;
/** Values of one scalar that are tried. */
const SCALARS_MAX = 40;
/** Recursive schemas end where they may; the shallowest example that is valid is the best. */
const DEPTHS = [3, 6, 12, 24] as const;
/** Values in one candidate: a wide schema may need some hundreds. */
const VALUES_MAX = 20_000;

/** A valid value of the schema, the same each time; {@link NONE} where none was found. */
export function buildExample(
  schema: JsonObject,
  judge: (value: unknown) => readonly SchemaFinding[],
): unknown {
  for (const depthMax of DEPTHS) {
    const picks = new Map<string, number>();
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const search: ExampleSearch = {
        make: makeValue,
        root: schema,
        depthMax,
        values: VALUES_MAX,
        picks,
        choices: new Map(),
      };
      const value = makeValue(schema, { search, path: '', turn: 0, depth: 0 });
      if (value === NONE) break;
      const findings = judge(value);
      if (findings.length === 0) return value;
      if (!changePick(search.choices, picks, findings)) break;
    }
  }
  return NONE;
}

/** One value of the schema, or NONE. */
function makeValue(schema: unknown, position: Position): unknown {
  const { search, path, depth } = position;
  if (depth > search.depthMax || --search.values < 0) return NONE;
  const shapes = unfold(schema, search.root).flatMap(toShapes);
  const key = `${path}\nshape`;
  search.choices.set(key, shapes.length);
  // A shape that cannot end within the depth gives way to the next one.
  for (let index = search.picks.get(key) ?? 0; index < shapes.length; index++) {
    const shape = shapes[index];
    const value = shape === undefined ? NONE : makeShape(shape, position);
    if (value !== NONE) return value;
  }
  return NONE;
}

/** A plain schema together with the one type that is made of it. */
interface Shape {
  readonly schema: JsonObject;
  readonly type: string;
}

const TYPES_TRIED = ['string', 'integer', 'boolean', 'object', 'array', 'null', 'number'] as const;

const TYPE_HINTS: readonly (readonly [string, readonly string[]])[] = [
  ['object', ['properties', 'required', 'additionalProperties', 'minProperties', 'patternProperties']],
  ['array', ['items', 'prefixItems', 'minItems', 'contains', 'uniqueItems']],
  ['string', ['minLength', 'maxLength', 'pattern', 'format']],
  ['number', ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf']],
];

function toShapes(schema: JsonObject): Shape[] {
  if ('const' in schema || 'enum' in schema) return [{ schema, type: 'listed' }];
  const types = typesOf(schema);
  if (types !== undefined) return types.map((type) => ({ schema, type }));
  const hinted = TYPE_HINTS.filter(([, keywords]) => keywords.some((keyword) => keyword in schema)).map(
    ([type]) => type,
  );
  return [...new Set([...hinted, ...TYPES_TRIED])].map((type) => ({ schema, type }));
}

function makeShape({ schema, type }: Shape, position: Position): unknown {
  switch (type) {
    case 'object':
      return suggested(schema, position, isSchemaObject) ?? objectExample(schema, position);
    case 'array':
      return suggested(schema, position, Array.isArray) ?? arrayExample(schema, position);
    case 'null':
      return null;
    default:
      return pickScalar(scalarsOf(schema, type), position);
  }
}

/** The author's own example of an object or array, as the first possibility. */
function suggested(schema: JsonObject, position: Position, isFit: (value: unknown) => boolean): unknown {
  const values = authorValues(schema).filter(isFit);
  if (values.length === 0) return undefined;
  const key = `${position.path}\nvalue`;
  position.search.choices.set(key, values.length + 1);
  return values[(position.search.picks.get(key) ?? 0) + position.turn];
}

function authorValues(schema: JsonObject): unknown[] {
  const examples: readonly unknown[] = Array.isArray(schema.examples) ? schema.examples : [];
  return 'default' in schema ? [...examples, schema.default] : [...examples];
}

function* scalarsOf(schema: JsonObject, type: string): Generator<unknown> {
  if (type === 'listed') {
    if ('const' in schema) yield schema.const;
    else yield* Array.isArray(schema.enum) ? schema.enum : [];
    return;
  }
  for (const value of authorValues(schema)) {
    const isFit = type === 'integer' ? Number.isInteger(value) : typeof value === type;
    if (isFit) yield value;
  }
  if (type === 'boolean') yield* [true, false];
  else if (type === 'string') yield* stringExamples(schema);
  else yield* numberExamples(schema, type === 'integer');
}

function pickScalar(values: Iterable<unknown>, { search, path, turn }: Position): unknown {
  const key = `${path}\nvalue`;
  const wanted = (search.picks.get(key) ?? 0) + turn;
  search.choices.set(key, SCALARS_MAX);
  let index = 0;
  let last: unknown = NONE;
  for (const value of values) {
    if (index === wanted) return value;
    // Past the end of a short list the last value stands; where items must differ, the schema says so.
    last = value;
    index++;
  }
  search.choices.set(key, Math.max(1, index - turn));
  return last;
}

/** Takes the next possibility at, above or below a place that was judged wrong. False when all are used up. */
function changePick(
  choices: ReadonlyMap<string, number>,
  picks: Map<string, number>,
  findings: readonly SchemaFinding[],
): boolean {
  for (const { instancePath } of findings) {
    for (const key of choicesNear(choices, instancePath)) {
      const next = (picks.get(key) ?? 0) + 1;
      if (next >= (choices.get(key) ?? 0)) continue;
      const place = key.slice(0, key.indexOf('\n'));
      // What was picked inside a shape means nothing in another one.
      if (key.endsWith('shape'))
        for (const inner of [...picks.keys()]) if (isAtOrBelow(inner, place)) picks.delete(inner);
      picks.set(key, next);
      return true;
    }
  }
  return false;
}

/** Values before shapes, the place itself before what is below it, and that before what is above. */
function choicesNear(choices: ReadonlyMap<string, number>, place: string): string[] {
  const keys = [...choices.keys()];
  const below = keys.filter((key) => isAtOrBelow(key, place) && !key.startsWith(`${place}\n`));
  const above: string[] = [];
  for (let path = place; path !== ''; ) {
    path = path.slice(0, path.lastIndexOf('/'));
    above.push(`${path}\nvalue`, `${path}\nshape`);
  }
  return [`${place}\nvalue`, `${place}\nshape`, ...below, ...above].filter((key) => choices.has(key));
}

function isAtOrBelow(key: string, place: string): boolean {
  return key.startsWith(`${place}\n`) || key.startsWith(`${place}/`);
}

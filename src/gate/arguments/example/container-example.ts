// Objects and arrays that fit a plain schema: what is required, then what the counts demand.
import type { JsonObject } from '../../../tool.ts';
import { compilePattern } from '../pattern/linear-pattern.ts';
import { patternExample } from '../pattern/pattern-example.ts';
import { isSchemaObject } from '../schema-reference.ts';
import { unfold } from './alternatives.ts';
import { NONE, type Position } from './example-search.ts';
import { ALL_CONTAINS, mergeSchemas } from './merge-schemas.ts';
import { stringExamples } from './scalar-example.ts';

/** Items or properties of one container; more are no example. */
const MEMBERS_MAX = 1000;

/** An object with every required property, and as many more as `minProperties` demands. */
export function objectExample(schema: JsonObject, position: Position): unknown {
  const whole = withDependents(schema, position);
  const names = requiredNames(whole);
  const min = Math.max(Number(whole.minProperties ?? 0), position.turn > 0 ? 1 : 0);
  if (min > MEMBERS_MAX) return NONE;
  const members = new Map<string, unknown>();
  for (const name of names) {
    const value = makeMember(whole, name, position);
    if (value === NONE) return NONE;
    members.set(name, value);
  }
  for (const name of spareNames(whole)) {
    if (members.size >= min) break;
    if (members.has(name)) continue;
    const value = makeMember(whole, name, position);
    if (value !== NONE) members.set(name, value);
  }
  return Object.fromEntries(members);
}

/** `dependentSchemas` of what is required count as part of the schema. */
function withDependents(schema: JsonObject, { search }: Position): JsonObject {
  if (!isSchemaObject(schema.dependentSchemas)) return schema;
  let whole = schema;
  for (const [name, dependent] of Object.entries(schema.dependentSchemas)) {
    if (!requiredNames(whole).includes(name)) continue;
    const [first] = unfold(dependent, search.root);
    whole = (first === undefined ? undefined : mergeSchemas(whole, first)) ?? whole;
  }
  return whole;
}

/** In document order of the properties, so that an example reads like the schema. */
function requiredNames(schema: JsonObject): string[] {
  const names = new Set(Array.isArray(schema.required) ? schema.required.map(String) : []);
  const dependent = isSchemaObject(schema.dependentRequired) ? schema.dependentRequired : {};
  // A set grows while it is walked: what one name needs may need more.
  for (const name of names) {
    const needed = Object.hasOwn(dependent, name) ? dependent[name] : [];
    for (const other of Array.isArray(needed) ? needed : []) names.add(String(other));
  }
  const declared = isSchemaObject(schema.properties) ? Object.keys(schema.properties) : [];
  return [
    ...declared.filter((name) => names.has(name)),
    ...[...names].filter((name) => !declared.includes(name)),
  ];
}

function makeMember(schema: JsonObject, name: string, position: Position): unknown {
  const escaped = name.replaceAll('~', '~0').replaceAll('/', '~1');
  return position.search.make(memberSchema(schema, name), {
    ...position,
    path: `${position.path}/${escaped}`,
    depth: position.depth + 1,
  });
}

function memberSchema(schema: JsonObject, name: string): unknown {
  const parts: unknown[] = [];
  if (isSchemaObject(schema.properties) && Object.hasOwn(schema.properties, name))
    parts.push(schema.properties[name]);
  for (const [pattern, member] of entriesOf(schema.patternProperties)) {
    if (compilePattern(pattern).test(name)) parts.push(member);
  }
  if (parts.length === 0) return schema.additionalProperties ?? true;
  return parts.length === 1 ? parts[0] : { allOf: parts };
}

/** Names that may be added: declared ones, then ones that a pattern admits, then free ones. */
function* spareNames(schema: JsonObject): Generator<string> {
  for (const [name] of entriesOf(schema.properties)) yield name;
  for (const [pattern] of entriesOf(schema.patternProperties)) {
    for (let turn = 0; turn < MEMBERS_MAX; turn++) {
      const name = patternExample(pattern, { extra: Math.floor(turn / 26), turn });
      if (name !== undefined) yield name;
    }
  }
  if (isSchemaObject(schema.propertyNames)) {
    for (const shape of unfold(schema.propertyNames, schema)) {
      if (Array.isArray(shape.enum)) yield* shape.enum.map(String);
      else yield* stringExamples(shape);
    }
  }
  for (let number = 1; number <= MEMBERS_MAX; number++) yield `property${number}`;
}

/** An array of as many items as `minItems`, `contains` and readability want. */
export function arrayExample(schema: JsonObject, position: Position): unknown {
  const prefix: readonly unknown[] = Array.isArray(schema.prefixItems) ? schema.prefixItems : [];
  const needed = containedSchemas(schema);
  const least = Math.max(Number(schema.minItems ?? 0), needed.length);
  const most = Number(schema.maxItems ?? Number.POSITIVE_INFINITY);
  if (least > MEMBERS_MAX) return NONE;
  const wanted = Math.min(Math.max(least, prefix.length, 1), most);
  const items: unknown[] = [];
  for (let index = 0; index < wanted; index++) {
    // What must be contained comes last, where no prefix speaks of it.
    const special = needed[index - (wanted - needed.length)];
    const base = index < prefix.length ? prefix[index] : (schema.items ?? true);
    const value = position.search.make(special === undefined ? base : { allOf: [special, base] }, {
      ...position,
      path: `${position.path}/${index}`,
      turn: index >= prefix.length || schema.uniqueItems === true ? position.turn + index : position.turn,
      depth: position.depth + 1,
    });
    if (value === NONE) return items.length >= least ? items : NONE;
    items.push(value);
  }
  return items;
}

/** One schema for each item that `contains` demands. */
function containedSchemas(schema: JsonObject): unknown[] {
  const own =
    schema.contains === undefined
      ? []
      : [{ contains: schema.contains, minContains: schema.minContains ?? 1 }];
  const all = Array.isArray(schema[ALL_CONTAINS]) ? schema[ALL_CONTAINS] : own;
  return all.filter(isSchemaObject).flatMap(({ contains, minContains }) => {
    const count = Math.min(Number(minContains ?? 1), MEMBERS_MAX);
    return Array.from({ length: count }, () => contains);
  });
}

function entriesOf(value: unknown): [string, unknown][] {
  return isSchemaObject(value) ? Object.entries(value) : [];
}

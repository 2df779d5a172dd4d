// Whether everything that one JSON Schema admits is admitted by another. What cannot be proven counts as a refusal:
// a change may be called breaking though nobody is hurt, never the other way round.
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../../tool.ts';
import { boundRefusals } from './schema-bounds.ts';
import { holdsReference, resolveReference } from './schema-reference.ts';
import { familyOf, isWithin, typesOf } from './schema-types.ts';

/** A keyword of `to` that refuses some value that `from` admits. */
export interface Refusal {
  /** JSON Pointer into the schemas. */
  readonly pointer: string;
  readonly keyword: string;
  readonly from: unknown;
  readonly to: unknown;
}

/**
 * `input`: the values are sent by clients, which send no property that was never listed, and for which one that is
 * no longer listed is lost. `output`: the values are read by clients, which ignore what was never listed.
 */
export type SchemaRole = 'input' | 'output';

/** Steps of one comparison; alternatives within alternatives multiply, and beyond this nothing is proven. */
const STEPS_MAX = 20_000;

/** Every place where `to` refuses what `from` admits; empty when it is proven that there is none. */
export function schemaRefusals(from: unknown, to: unknown, role: SchemaRole): readonly Refusal[] {
  const comparison: Comparison = {
    role,
    fromRoot: from,
    toRoot: to,
    isSame: isDeepStrictEqual(from, to),
    steps: { left: STEPS_MAX },
    assumed: new Set(),
    isPart: false,
  };
  return compare(comparison, from, to, '');
}

interface Comparison {
  readonly role: SchemaRole;
  readonly fromRoot: unknown;
  readonly toRoot: unknown;
  /** Then a reference means the same in both. */
  readonly isSame: boolean;
  readonly steps: { left: number };
  /** Pairs of references that are being compared: a recursive schema refuses nothing until something is found. */
  readonly assumed: ReadonlySet<string>;
  /** `from` is only a part of what is listed, so a property that it does not name may be listed elsewhere. */
  readonly isPart: boolean;
}

function compare(run: Comparison, from: unknown, to: unknown, pointer: string): readonly Refusal[] {
  if (run.isSame || to === true || to === undefined || from === false || isEqual(run, from, to)) return [];
  if (run.steps.left-- <= 0) return [{ pointer, keyword: 'schema', from, to }];
  if (to === false || !isSchema(to)) return [{ pointer, keyword: 'schema', from, to }];
  const own: JsonObject = isSchema(from) ? from : {};
  if (own.$ref !== undefined || to.$ref !== undefined) return compareReferences(run, own, to, pointer);
  const part = run.isPart || COMPOSITION.some((keyword) => own[keyword] !== undefined);
  const inner = part ? { ...run, isPart: true } : run;
  const refusals = compareKeywords(inner, own, to, pointer);
  if (refusals.length === 0 || !someAlternativeFits(inner, own, to, pointer)) return refusals;
  return refusals.filter(({ keyword }) => NOTICED.has(keyword));
}

/** Keywords whose schemas may name further properties of the same object. */
const COMPOSITION = ['anyOf', 'oneOf', 'allOf', 'if', 'then', 'else', 'not', 'dependentSchemas'] as const;
/** What is lost although no value is refused. */
const NOTICED: ReadonlySet<string> = new Set(['property', 'default', 'x-mcp-header']);

/** What a schema demands besides its alternatives may be too little for `to`; each of them may still be enough. */
function someAlternativeFits(run: Comparison, from: JsonObject, to: JsonObject, pointer: string): boolean {
  const fits = (branch: unknown) => compare(run, branch, to, pointer).length === 0;
  const { anyOf, oneOf, allOf } = from;
  return (
    (Array.isArray(anyOf) && anyOf.every(fits)) ||
    (Array.isArray(oneOf) && oneOf.every(fits)) ||
    (Array.isArray(allOf) && allOf.some(fits))
  );
}

function compareReferences(
  run: Comparison,
  from: JsonObject,
  to: JsonObject,
  pointer: string,
): readonly Refusal[] {
  const { $ref: fromRef, ...fromRest } = from;
  const { $ref: toRef, ...toRest } = to;
  const unproven = [{ pointer, keyword: '$ref', from: fromRef, to: toRef }];
  const [fromTarget, toTarget] = [
    fromRef === undefined ? fromRest : resolveReference(run.fromRoot, fromRef),
    toRef === undefined ? toRest : resolveReference(run.toRoot, toRef),
  ];
  if (fromTarget === undefined || toTarget === undefined) return unproven;
  const pair = JSON.stringify([fromRef ?? pointer, toRef ?? pointer]);
  if (run.assumed.has(pair)) return [];
  const isPart = run.isPart || (fromRef !== undefined && Object.keys(fromRest).length > 0);
  const inner: Comparison = { ...run, isPart, assumed: new Set([...run.assumed, pair]) };
  // What stands beside a reference refuses too; it does not have to name the properties again.
  const besides = toRef === undefined ? [] : compare(inner, from, toRest, pointer);
  return [
    ...besides.filter(({ keyword }) => keyword !== 'property'),
    ...compare(inner, fromTarget, toTarget, pointer),
  ];
}

function compareKeywords(
  run: Comparison,
  from: JsonObject,
  to: JsonObject,
  pointer: string,
): readonly Refusal[] {
  const types = typesOf(from);
  const at = (keyword: string): Refusal => ({ pointer, keyword, from: from[keyword], to: to[keyword] });
  const families = new Set(types.map(familyOf));
  return [
    ...(isWithin(types, typesOf(to)) ? [] : [at('type')]),
    ...valueRefusals(from, to, at),
    ...boundRefusals(from, to, families, at),
    ...(families.has('object') ? objectRefusals(run, from, to, pointer) : []),
    ...(families.has('array') ? arrayRefusals(run, from, to, pointer) : []),
    ...alternativeRefusals(run, from, to, pointer),
    ...conditionRefusals(run, from, to, at),
    ...noticedRefusals(run, from, to, at),
  ];
}

function valueRefusals(from: JsonObject, to: JsonObject, at: (keyword: string) => Refusal): Refusal[] {
  const [given, allowed] = [valuesOf(from), valuesOf(to)];
  if (allowed === undefined) return [];
  const fits = given?.every((value) => allowed.some((other) => isDeepStrictEqual(value, other)));
  return fits === true ? [] : [at(to.const === undefined ? 'enum' : 'const')];
}

function valuesOf({ const: only, enum: values }: JsonObject): readonly unknown[] | undefined {
  if (only !== undefined) return [only];
  return Array.isArray(values) ? values : undefined;
}

function objectRefusals(run: Comparison, from: JsonObject, to: JsonObject, pointer: string): Refusal[] {
  const [own, other] = [membersOf(from), membersOf(to)];
  const at = (keyword: string): Refusal => ({ pointer, keyword, from: from[keyword], to: to[keyword] });
  const placed = (name: string) => `${pointer}/properties/${escapeStep(name)}`;
  const refusals: Refusal[] = [];
  for (const [name, schema] of Object.entries(own)) {
    const place = placed(name);
    const declared = other[name];
    if (Object.hasOwn(other, name)) refusals.push(...compare(run, schema, declared, place));
    else if (run.role === 'input')
      refusals.push({ pointer: place, keyword: 'property', from: schema, to: undefined });
    else refusals.push(...compare(run, schema, to.additionalProperties, place));
  }
  for (const [name, schema] of Object.entries(other)) {
    if (Object.hasOwn(own, name)) continue;
    const place = placed(name);
    if (run.role === 'output') {
      refusals.push({ pointer: place, keyword: 'property', from: undefined, to: schema });
    } else if (run.isPart || isSchema(from.additionalProperties)) {
      refusals.push(...compare(run, from.additionalProperties ?? true, schema, place));
    }
  }
  const required = namesIn(from.required);
  for (const name of namesIn(to.required)) {
    if (!required.includes(name))
      refusals.push({ pointer: placed(name), keyword: 'required', from: false, to: true });
  }
  const isClosed = to.additionalProperties !== undefined && to.additionalProperties !== true;
  if (!isEqual(run, from.patternProperties, to.patternProperties)) {
    if (to.patternProperties !== undefined || isClosed) refusals.push(at('patternProperties'));
  }
  if (isClosed) {
    const additional = compare(
      run,
      from.additionalProperties ?? true,
      to.additionalProperties,
      `${pointer}/additionalProperties`,
    );
    refusals.push(
      ...(to.additionalProperties === false && additional.length > 0
        ? [at('additionalProperties')]
        : additional),
    );
  }
  return refusals;
}

function arrayRefusals(
  run: Comparison,
  from: JsonObject,
  to: JsonObject,
  pointer: string,
): readonly Refusal[] {
  const at = (keyword: string): Refusal => ({ pointer, keyword, from: from[keyword], to: to[keyword] });
  if (!isEqual(run, from.prefixItems, to.prefixItems)) {
    return to.prefixItems === undefined && to.items === undefined ? [] : [at('prefixItems')];
  }
  if (to.items === undefined) return [];
  return compare(run, from.items ?? true, to.items, `${pointer}/items`);
}

function alternativeRefusals(run: Comparison, from: JsonObject, to: JsonObject, pointer: string): Refusal[] {
  const at = (keyword: string): Refusal => ({ pointer, keyword, from: from[keyword], to: to[keyword] });
  const refusals: Refusal[] = [];
  if (Array.isArray(to.anyOf) && !isEqual(run, from.anyOf, to.anyOf)) {
    const branches: readonly unknown[] = to.anyOf;
    const { anyOf, ...rest } = from;
    const starts: readonly unknown[] = Array.isArray(anyOf) ? anyOf : [rest];
    const fits = (start: unknown) =>
      branches.some((branch) => compare(run, start, branch, pointer).length === 0);
    if (!starts.every(fits)) refusals.push(at('anyOf'));
  }
  if (Array.isArray(to.allOf) && !isEqual(run, from.allOf, to.allOf)) {
    if (!to.allOf.every((branch) => compare(run, from, branch, pointer).length === 0))
      refusals.push(at('allOf'));
  }
  // One more alternative of `oneOf` may match what only one matched before, so no change of it is proven.
  if (to.oneOf !== undefined && !isEqual(run, from.oneOf, to.oneOf)) refusals.push(at('oneOf'));
  return refusals;
}

/** Keywords that mean something only together; a change of any one of a group is not proven. */
const GROUPS: readonly (readonly string[])[] = [
  ['not'],
  ['if', 'then', 'else'],
  ['contains', 'minContains', 'maxContains'],
  ['propertyNames'],
  ['dependentRequired'],
  ['dependentSchemas'],
  ['dependencies'],
  ['$dynamicRef'],
];

function conditionRefusals(
  run: Comparison,
  from: JsonObject,
  to: JsonObject,
  at: (keyword: string) => Refusal,
): Refusal[] {
  const refusals = GROUPS.flatMap((group) => {
    const [first = ''] = group;
    if (to[first] === undefined) return [];
    const changed = group.find((keyword) => !isEqual(run, from[keyword], to[keyword]));
    return changed === undefined ? [] : [at(changed)];
  });
  for (const keyword of ['unevaluatedProperties', 'unevaluatedItems']) {
    // What is evaluated depends on everything beside it, and the two schemas do differ.
    if (to[keyword] !== undefined && to[keyword] !== true) refusals.push(at(keyword));
  }
  return refusals;
}

/** What refuses no value and is yet noticed: another default, and a header that clients of the modern era must send. */
function noticedRefusals(
  run: Comparison,
  from: JsonObject,
  to: JsonObject,
  at: (keyword: string) => Refusal,
): Refusal[] {
  if (run.role === 'output') return [];
  const [header, fromDefault] = [to['x-mcp-header'], from.default];
  return [
    ...(fromDefault !== undefined && !isDeepStrictEqual(fromDefault, to.default) ? [at('default')] : []),
    ...(header !== undefined && header !== from['x-mcp-header'] ? [at('x-mcp-header')] : []),
  ];
}

/** Equal texts mean the same only where no reference leads out of them. */
function isEqual(run: Comparison, from: unknown, to: unknown): boolean {
  return isDeepStrictEqual(from, to) && (run.isSame || !holdsReference(from));
}

function membersOf({ properties }: JsonObject): JsonObject {
  return isSchema(properties) ? properties : {};
}

function namesIn(required: unknown): readonly string[] {
  return Array.isArray(required) ? required.map(String) : [];
}

function escapeStep(step: string): string {
  return step.replaceAll('~', '~0').replaceAll('/', '~1');
}

function isSchema(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

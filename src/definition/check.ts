// Checks a tree against a shape: reports everything that does not fit, substitutes, and fills in defaults.
import { type Complaint, jsonType, numberComplaint, stringComplaint, typeFix, typesOf } from './complaint.ts';
import { defaultOf, standInFor } from './default-value.ts';
import { nearestName } from './nearest-name.ts';
import type { Report } from './report.ts';
import type {
  ArrayShape,
  NumberShape,
  ObjectShape,
  RecordShape,
  Shape,
  StringShape,
  UnionShape,
  VariantsShape,
} from './schema/vocabulary.ts';
import { appendPointer, type Json, type Node, type ObjectNode, textOf, toJson } from './source/node.ts';
import type { Substitution } from './substitute.ts';

export interface CheckOptions {
  readonly report: Report;
  readonly substitution: Substitution;
  readonly trusted: boolean;
}

/** `value` has the shape except below the pointers in `unsound`, where a stand-in of its type stands, or null for an object. */
export interface Checked {
  readonly value: Json;
  readonly unsound: ReadonlySet<string>;
}

/** Checks `node` against `shape`. Keys that start with `x-` are dropped; unknown keys are reported. */
export function check(shape: Shape, node: Node, options: CheckOptions): Checked {
  const walk: Walk = { ...options, unsound: new Set() };
  const value = checkNode(shape, node, '', walk);
  return { value, unsound: walk.unsound };
}

interface Walk extends CheckOptions {
  readonly unsound: Set<string>;
}

function checkNode(written: Shape, original: Node, pointer: string, walk: Walk): Json {
  if (written.trustedOnly === true && !walk.trusted) reportUntrusted(original, walk);
  const node = written.substitute === undefined ? original : substituted(written, original, pointer, walk);
  // What was inserted is never shown, whatever the place.
  const shape = node === original ? written : { ...written, secret: true };
  switch (shape.kind) {
    case 'any':
      return toJson(node);
    case 'string':
      return checkString(shape, node, pointer, walk);
    case 'integer':
    case 'number':
      return checkNumber(shape, node, pointer, walk);
    case 'boolean':
      if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value;
      return refuseType(shape, node, pointer, walk);
    case 'choice': {
      const text = textOf(node);
      if (text === undefined) return refuseType(shape, node, pointer, walk);
      if (shape.values.includes(text)) return text;
      return refuseChoice(shape.values, node, pointer, walk);
    }
    case 'array':
      return checkArray(shape, node, pointer, walk);
    case 'record':
      return checkRecord(shape, node, pointer, walk);
    case 'object':
      return checkObject(shape, node, pointer, walk);
    case 'union':
      return checkUnion(shape, node, pointer, walk);
    case 'variants':
      return checkVariants(shape, node, pointer, walk);
  }
}

function substituted(shape: Shape, node: Node, pointer: string, walk: Walk): Node {
  const result = walk.substitution.apply(node, {
    argumentsAllowed: shape.substitute === 'arguments',
    storeVariables: shape.storeVariables === true,
  });
  if (!result.complete) walk.unsound.add(pointer);
  return result.node;
}

function checkString(shape: StringShape, node: Node, pointer: string, walk: Walk): Json {
  const text = textOf(node);
  if (text === undefined) return refuseType(shape, node, pointer, walk);
  const complaint = stringComplaint(shape, text);
  if (complaint !== undefined) refuse(shape, node, pointer, walk, complaint);
  return text;
}

function checkNumber(shape: NumberShape, node: Node, pointer: string, walk: Walk): Json {
  if (node.kind !== 'scalar' || typeof node.value !== 'number') return refuseType(shape, node, pointer, walk);
  const complaint = numberComplaint(shape, node.value);
  if (complaint !== undefined) refuse(shape, node, pointer, walk, complaint);
  return node.value;
}

function checkArray(shape: ArrayShape, node: Node, pointer: string, walk: Walk): Json {
  if (node.kind !== 'array') return refuseType(shape, node, pointer, walk);
  const count = node.items.length;
  if (shape.minItems !== undefined && count < shape.minItems) {
    refuse(shape, node, pointer, walk, {
      message: 'The list is too short.',
      fix: `Give at least ${shape.minItems}.`,
    });
  }
  if (shape.maxItems !== undefined && count > shape.maxItems) {
    walk.report.error({
      rule: 'size',
      node,
      atKey: true,
      message: `The list has ${count} entries.`,
      fix: `Give at most ${shape.maxItems}.`,
    });
    walk.unsound.add(pointer);
    return [];
  }
  return node.items.map((item, index) => checkNode(shape.items, item, appendPointer(pointer, index), walk));
}

function checkRecord(shape: RecordShape, node: Node, pointer: string, walk: Walk): Json {
  if (node.kind !== 'object') return refuseType(shape, node, pointer, walk);
  const entries = [...node.members].map(
    ([key, value]) => [key, checkNode(shape.values, value, appendPointer(pointer, key), walk)] as const,
  );
  return Object.fromEntries(entries);
}

function checkObject(shape: ObjectShape, node: Node, pointer: string, walk: Walk): Json {
  if (node.kind !== 'object') return refuseType(shape, node, pointer, walk);
  return checkMembers(shape, node, { pointer }, walk);
}

function checkMembers(
  shape: ObjectShape,
  node: ObjectNode,
  { pointer, discriminator }: { readonly pointer: string; readonly discriminator?: string },
  walk: Walk,
): { [key: string]: Json } {
  const misspelt = reportUnknown(shape, node, discriminator, walk);
  const value: { [key: string]: Json } = {};
  for (const [key, member] of Object.entries(shape.members)) {
    const given = node.members.get(key);
    const place = appendPointer(pointer, key);
    if (given !== undefined) {
      value[key] = checkNode(member, given, place, walk);
    } else if (member.optional !== true) {
      const fallback = defaultOf(member);
      value[key] = fallback ?? standInFor(member);
      if (fallback !== undefined) continue;
      walk.unsound.add(place);
      // A misspelt key is one mistake, not an unknown key and a missing one.
      if (!misspelt.has(key)) reportMissing(key, member, node, walk);
    }
  }
  return value;
}

/** Reports unknown keys; answers the known ones that were probably meant. */
function reportUnknown(
  shape: ObjectShape,
  node: ObjectNode,
  discriminator: string | undefined,
  walk: Walk,
): Set<string> {
  const meant = new Set<string>();
  const known = Object.keys(shape.members);
  for (const [key, given] of node.members) {
    if (Object.hasOwn(shape.members, key) || key === discriminator || key.startsWith('x-')) continue;
    const absent = known.filter((name) => !node.members.has(name));
    const nearest = nearestName(key, absent);
    if (nearest !== undefined) meant.add(nearest);
    walk.report.error({
      rule: 'unknown-key',
      node: given,
      atKey: true,
      message: `The key '${key}' is not known here.`,
      fix: 'Correct or remove it; keys that start with x- are ignored.',
      unknown: { name: key, known: absent },
    });
  }
  return meant;
}

function checkUnion(shape: UnionShape, node: Node, pointer: string, walk: Walk): Json {
  const type = jsonType(node);
  const option = shape.options.find((candidate) => typesOf(candidate).includes(type));
  if (option === undefined) return refuseType(shape, node, pointer, walk);
  return checkNode(option, node, pointer, walk);
}

function checkVariants(shape: VariantsShape, node: Node, pointer: string, walk: Walk): Json {
  if (node.kind !== 'object') return refuseType(shape, node, pointer, walk);
  const types = Object.keys(shape.variants);
  const typeNode = node.members.get('type');
  if (typeNode === undefined) {
    walk.report.error({
      rule: 'missing-key',
      node,
      atKey: true,
      message: "The key 'type' is missing.",
      fix: `Give one of ${types.join(', ')}.`,
    });
    walk.unsound.add(pointer);
    return null;
  }
  const type = textOf(typeNode) ?? '';
  const variant = Object.hasOwn(shape.variants, type) ? shape.variants[type] : undefined;
  if (variant === undefined) {
    walk.unsound.add(pointer);
    refuseChoice(types, typeNode, appendPointer(pointer, 'type'), walk);
    return null;
  }
  if (variant.trustedOnly === true && !walk.trusted) reportUntrusted(node, walk);
  return { type, ...checkMembers(variant, node, { pointer, discriminator: 'type' }, walk) };
}

function refuse(shape: Shape, node: Node, pointer: string, walk: Walk, complaint: Complaint): void {
  walk.unsound.add(pointer);
  walk.report.error({
    rule: 'value',
    node,
    ...complaint,
    received: shape.secret === true ? 'secret' : 'value',
  });
}

function refuseType(shape: Shape, node: Node, pointer: string, walk: Walk): Json {
  walk.unsound.add(pointer);
  const expected = typesOf(shape).join(' or ');
  walk.report.error({
    rule: 'type',
    node,
    message: `Expected ${expected}, got ${jsonType(node)}.`,
    fix: typeFix(node, expected),
    received: shape.secret === true ? 'secret' : 'value',
  });
  return standInFor(shape);
}

function refuseChoice(values: readonly string[], node: Node, pointer: string, walk: Walk): Json {
  walk.unsound.add(pointer);
  walk.report.error({
    rule: 'value',
    node,
    message: 'The value is none of those allowed.',
    fix: `Write one of ${values.join(', ')}.`,
    received: 'value',
    unknown: { name: textOf(node) ?? '', known: values },
  });
  return '';
}

function reportMissing(key: string, shape: Shape, parent: Node, walk: Walk): void {
  walk.report.error({
    rule: 'missing-key',
    node: parent,
    atKey: true,
    message: `The key '${key}' is missing.`,
    fix: `Add ${key}: ${shape.doc}`,
  });
}

function reportUntrusted(node: Node, walk: Walk): void {
  walk.report.error({
    rule: 'untrusted',
    node,
    atKey: true,
    message: 'This is refused in definitions of untrusted authors.',
    fix: 'An administrator may grant definitions:trusted, or serve the definition from a file.',
  });
}

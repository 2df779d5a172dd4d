// Turns one finding of the schema engine into problem, expectation and instruction: one row per keyword.

import { nearestName } from '../../definition/nearest-name.ts';
import type { JsonObject } from '../../tool.ts';
import { describeOptions, describeSchema, showValue, showValues } from './describe-schema.ts';
import { FORMAT_EXAMPLES, isCheckedFormat } from './formats.ts';
import type { SchemaFinding } from './schema-engine.ts';
import { isSchemaObject } from './schema-reference.ts';
import { findDuplicate } from './unique-items.ts';

export interface Explanation {
  readonly problem: string;
  readonly expected: string;
  readonly fix: string;
  /** A property below the place of the finding that it is really about. */
  readonly property?: string;
  /** Which suggestion the issue belongs to. */
  readonly group: 'required' | 'type' | 'format' | 'range' | 'enum' | 'other';
}

/** What the engine found, ready for a row. */
interface Finding {
  /** Value of the keyword in the schema. */
  readonly bound: unknown;
  readonly value: unknown;
  readonly parent: JsonObject;
  readonly params: Readonly<Record<string, unknown>>;
  readonly root: JsonObject;
}

/** Explains a finding; a keyword without a row is described by its own value. */
export function explainFinding(finding: SchemaFinding, root: JsonObject): Explanation {
  const row = Object.hasOwn(rows, finding.keyword) ? rows[finding.keyword] : undefined;
  const parent = isSchemaObject(finding.parentSchema) ? finding.parentSchema : {};
  const input: Finding = {
    bound: finding.schema,
    value: finding.data,
    parent,
    params: finding.params,
    root,
  };
  return row?.(input) ?? fallback(finding.keyword, input);
}

type Row = (finding: Finding) => Explanation;

const rows: Readonly<Record<string, Row>> = {
  required: ({ params, parent, root }) => missing(String(params.missingProperty), parent, root),
  dependentRequired: ({ params, parent, root }) => ({
    ...missing(String(params.missingProperty), parent, root),
    problem: `Required together with ${String(params.property)}, but missing.`,
  }),
  type: ({ value, parent, root }) => {
    const expected = describeSchema(parent, root);
    return explain('type', `Wrong type: ${typeOf(value)}.`, expected, `Give ${article(expected)}.`);
  },
  enum: ({ bound }) => {
    const values = showValues(Array.isArray(bound) ? bound : []);
    return explain('enum', 'Not one of the allowed values.', `one of ${values}`, `Use one of ${values}.`);
  },
  const: ({ bound }) =>
    explain(
      'enum',
      'Not the only allowed value.',
      `exactly ${showValue(bound)}`,
      `Use exactly ${showValue(bound)}.`,
    ),
  format: ({ bound, root, parent }) =>
    explain(
      'format',
      `Not a valid ${String(bound)}.`,
      describeSchema(parent, root),
      `Write it in the format ${String(bound)}${formatHint(String(bound))}.`,
    ),
  pattern: ({ bound }) =>
    explain(
      'format',
      'Does not match the pattern.',
      `string matching ${String(bound)}`,
      `Write it so that it matches the pattern ${String(bound)}.`,
    ),
  minimum: bounded('at least', 'Too small.', '', (parent) => parent.maximum),
  maximum: bounded('at most', 'Too large.', '', (parent) => parent.minimum),
  exclusiveMinimum: bounded('greater than', 'Too small.', '', () => undefined),
  exclusiveMaximum: bounded('less than', 'Too large.', '', () => undefined),
  multipleOf: bounded('a multiple of', 'Not a multiple.', '', () => undefined),
  minLength: bounded('at least', 'Too short.', ' characters', (parent) => parent.maxLength),
  maxLength: bounded('at most', 'Too long.', ' characters', (parent) => parent.minLength),
  minItems: bounded('at least', 'Too few items.', ' items', (parent) => parent.maxItems),
  maxItems: bounded('at most', 'Too many items.', ' items', (parent) => parent.minItems),
  minProperties: bounded('at least', 'Too few properties.', ' properties', (parent) => parent.maxProperties),
  maxProperties: bounded('at most', 'Too many properties.', ' properties', (parent) => parent.minProperties),
  uniqueItems: ({ value }) => {
    const [first, second] = findDuplicate(Array.isArray(value) ? value : []) ?? [0, 0];
    return explain(
      'other',
      `Items ${first} and ${second} are equal.`,
      'items all different',
      `Remove item ${second} or make it different from item ${first}.`,
    );
  },
  contains: ({ bound, params, root }) => contained(bound, params, root),
  minContains: ({ parent, params, root }) => contained(parent.contains, params, root),
  maxContains: ({ parent, params, root }) => contained(parent.contains, params, root),
  items: ({ params }) => surplusItems(params),
  unevaluatedItems: ({ params }) => surplusItems(params),
  additionalProperties: ({ params, parent }) => unknownProperty(String(params.additionalProperty), parent),
  unevaluatedProperties: ({ params, parent }) => unknownProperty(String(params.unevaluatedProperty), parent),
  propertyNames: ({ params, bound, root }) => ({
    ...explain(
      'other',
      'This property name is not allowed.',
      `property names: ${describeSchema(bound, root)}`,
      `Rename the property ${showValue(params.propertyName)} so that its name is ${describeSchema(bound, root)}.`,
    ),
    property: String(params.propertyName),
  }),
  anyOf: ({ bound, root }) => {
    const options = describeOptions(Array.isArray(bound) ? bound : [], root);
    return explain('other', 'Matches none of the alternatives.', options, `Give one of: ${options}.`);
  },
  oneOf: ({ bound, params, root }) => {
    const options = describeOptions(Array.isArray(bound) ? bound : [], root);
    const several = Array.isArray(params.passingSchemas);
    const problem = several
      ? 'Matches more than one of the alternatives.'
      : 'Matches none of the alternatives.';
    return explain(
      'other',
      problem,
      `exactly one of: ${options}`,
      `Change it so that exactly one of these fits: ${options}.`,
    );
  },
  not: ({ bound, root }) => {
    const forbidden = describeSchema(bound, root);
    return explain(
      'other',
      'This value is excluded.',
      `anything but ${forbidden}`,
      `Use a value that is not ${forbidden}.`,
    );
  },
  if: ({ params, parent, root }) => {
    const branch = String(params.failingKeyword);
    const expected = describeSchema(parent[branch], root);
    return explain(
      'other',
      `Breaks the condition "${branch}" of the schema.`,
      expected,
      `Change it to fit: ${expected}.`,
    );
  },
  'false schema': () =>
    explain('other', 'No value is allowed here.', 'nothing', 'Remove this value; none is allowed here.'),
};

function fallback(keyword: string, { bound }: Finding): Explanation {
  const rule = `${keyword}: ${showValue(bound)}`;
  return explain('other', `Breaks the rule ${keyword}.`, rule, `Change it to satisfy ${rule}.`);
}

function explain(group: Explanation['group'], problem: string, expected: string, fix: string): Explanation {
  return { group, problem, expected, fix };
}

/** A bound of a number or of a count; the instruction names both bounds where there are two. */
function bounded(
  relation: string,
  problem: string,
  unit: string,
  counterpart: (parent: JsonObject) => unknown,
): Row {
  return ({ bound, parent }) => {
    const other = counterpart(parent);
    const isLower = relation === 'at least' || relation === 'greater than';
    const isRange = typeof other === 'number' && (relation === 'at least' || relation === 'at most');
    const [low, high] = isLower ? [bound, other] : [other, bound];
    const expected = isRange
      ? `from ${String(low)} to ${String(high)}${unit}`
      : `${relation} ${String(bound)}${unit}`;
    const noun = unit === '' ? 'Use a number' : unit === ' characters' ? 'Use a text of' : 'Give';
    return explain('range', problem, expected, `${noun} ${expected}.`);
  };
}

function missing(name: string, parent: JsonObject, root: JsonObject): Explanation {
  const property =
    isSchemaObject(parent.properties) && Object.hasOwn(parent.properties, name)
      ? parent.properties[name]
      : true;
  const expected = describeSchema(property, root);
  return {
    ...explain(
      'required',
      'Required, but missing.',
      expected,
      `Add the field ${showValue(name)}: ${expected}.`,
    ),
    property: name,
  };
}

function unknownProperty(name: string, parent: JsonObject): Explanation {
  const known = isSchemaObject(parent.properties) ? Object.keys(parent.properties) : [];
  const expected =
    known.length === 0 ? 'no such property' : `only the properties ${known.slice(0, 50).join(', ')}`;
  const near = nearestName(name, known);
  const fix =
    near === undefined
      ? `Remove the property ${showValue(name)}; expected: ${expected}.`
      : `Rename ${showValue(name)} to ${showValue(near)}, or remove it.`;
  return { ...explain('other', 'Unknown property.', expected, fix), property: name };
}

function contained(
  schema: unknown,
  params: Readonly<Record<string, unknown>>,
  root: JsonObject,
): Explanation {
  const least = Number(params.minContains ?? 1);
  const most = params.maxContains === undefined ? '' : ` and at most ${Number(params.maxContains)}`;
  const expected = `at least ${least}${most} items that are ${describeSchema(schema, root)}`;
  return explain('range', 'The wrong number of items matches.', expected, `Give ${expected}.`);
}

function surplusItems(params: Readonly<Record<string, unknown>>): Explanation {
  const most = Number(params.limit ?? params.len ?? 0);
  return explain('range', 'Too many items.', `at most ${most} items`, `Give ${most} items or fewer.`);
}

function formatHint(format: string): string {
  return isCheckedFormat(format) ? `, such as ${FORMAT_EXAMPLES[format]}` : '';
}

/** The JSON type of a value. */
export function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function article(noun: string): string {
  if (/^(?:any|one|exactly|nothing)\b/.test(noun)) return noun;
  return /^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`;
}

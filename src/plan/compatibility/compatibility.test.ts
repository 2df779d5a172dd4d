import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../tool.ts';
import { type ComparedTool, compareTools } from './compatibility.ts';
import { schemaRefusals } from './schema-refusals.ts';

const object = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({
  type: 'object',
  properties,
  ...more,
});

function tool(more: Partial<ComparedTool> = {}): ComparedTool {
  return { name: 'find', description: 'Finds.', inputSchema: object({}), ...more };
}

function changes(before: Partial<ComparedTool>, after: Partial<ComparedTool>): string[] {
  return compareTools([tool(before)], [tool(after)]).map(({ kind, change }) => `${kind} ${change}`);
}

const input = (schema: JsonObject): Partial<ComparedTool> => ({ inputSchema: schema });
const output = (schema: JsonObject): Partial<ComparedTool> => ({ outputSchema: schema });

describe('tools', () => {
  test('one that is gone breaks, one that is new adds, one that is the same is no change', () => {
    const [a, b, c] = [tool({ name: 'a' }), tool({ name: 'b' }), tool({ name: 'c' })];
    const found = compareTools([a, b], [b, c]);
    expect(found.map(({ kind, name, change }) => [kind, name, change])).toEqual([
      ['breaking', 'a', 'removed'],
      ['additive', 'c', 'added'],
    ]);
    expect(compareTools([a, b, c], [c, b, a])).toEqual([]);
  });

  test('words are cosmetic', () => {
    expect(changes({}, { description: 'Looks up.', title: 'Find' })).toEqual([
      'cosmetic title: absent -> "Find"',
      'cosmetic description: "Finds." -> "Looks up."',
    ]);
    const described = object({ id: { type: 'string', description: 'Its id.' } });
    expect(changes(input(object({ id: { type: 'string' } })), input(described))).toEqual([
      'cosmetic inputSchema: other words',
    ]);
  });

  test('a promise taken back breaks, a new one adds, an unsaid one is known', () => {
    expect(changes({ annotations: { readOnlyHint: true } }, { annotations: {} })).toEqual([
      'breaking readOnlyHint: true -> false',
    ]);
    expect(changes({}, { annotations: { destructiveHint: false } })).toEqual([
      'additive destructiveHint: true -> false',
    ]);
    expect(changes({}, { annotations: { readOnlyHint: false, openWorldHint: true } })).toEqual([]);
  });

  test('a demand that no listing shows breaks when it is new', () => {
    expect(changes({ demands: [] }, { demands: ['approval'] })).toEqual([
      'breaking approval: not needed -> needed',
    ]);
    expect(changes({ demands: ['approval'] }, { demands: [] })).toEqual([
      'additive approval: needed -> not needed',
    ]);
    expect(changes({}, { demands: ['approval'] })).toEqual([]);
  });

  test('breaking changes come first', () => {
    const found = changes(
      { title: 'A' },
      { title: 'B', inputSchema: object({ a: {} }, { required: ['a'] }) },
    );
    expect(found[0]).toBe('breaking a required: false -> true');
    expect(found.at(-1)).toBe('cosmetic title: "A" -> "B"');
  });
});

describe('arguments', () => {
  const id = { type: 'string' };
  test.each<[string, JsonObject, JsonObject, string[]]>([
    ['a new parameter', object({}), object({ id }), ['additive id property: absent -> {"type":"string"}']],
    [
      'a parameter that is gone',
      object({ id }),
      object({}),
      ['breaking id property: {"type":"string"} -> absent'],
    ],
    [
      'a new required parameter',
      object({}),
      object({ id }, { required: ['id'] }),
      ['breaking id required: false -> true', 'additive id property: absent -> {"type":"string"}'],
    ],
    [
      'a parameter no longer required',
      object({ id }, { required: ['id'] }),
      object({ id }),
      ['additive id required: true -> false'],
    ],
    [
      'another type',
      object({ id }),
      object({ id: { type: 'integer' } }),
      ['breaking id type: "string" -> "integer"'],
    ],
    [
      'a wider type',
      object({ n: { type: 'integer' } }),
      object({ n: { type: 'number' } }),
      ['additive n type: "integer" -> "number"'],
    ],
    [
      'a lower maximum',
      object({ n: { type: 'integer', maximum: 100 } }),
      object({ n: { type: 'integer', maximum: 50 } }),
      ['breaking n maximum: 100 -> 50'],
    ],
    [
      'a bound that now excludes its value',
      object({ n: { type: 'number', minimum: 0 } }),
      object({ n: { type: 'number', exclusiveMinimum: 0 } }),
      ['breaking n exclusiveMinimum: absent -> 0'],
    ],
    [
      'one choice more',
      object({ s: { enum: ['a'] } }),
      object({ s: { enum: ['a', 'b'] } }),
      ['additive s enum: ["a"] -> ["a","b"]'],
    ],
    [
      'one choice less',
      object({ s: { enum: ['a', 'b'] } }),
      object({ s: { enum: ['a'] } }),
      ['breaking s enum: ["a","b"] -> ["a"]'],
    ],
    [
      'another default',
      object({ n: { default: 1 } }),
      object({ n: { default: 2 } }),
      ['breaking n default: 1 -> 2'],
    ],
    [
      'a default where there was none',
      object({ n: {} }),
      object({ n: { default: 2 } }),
      ['additive n default: absent -> 2'],
    ],
    [
      'a closed object',
      object({ id }),
      object({ id }, { additionalProperties: false }),
      ['breaking additionalProperties: absent -> false'],
    ],
    [
      'a new parameter of a closed object',
      object({}, { additionalProperties: false }),
      object({ id }, { additionalProperties: false }),
      ['additive id property: absent -> {"type":"string"}'],
    ],
    [
      'a header that must now be sent',
      object({ id }),
      object({ id: { ...id, 'x-mcp-header': 'Id' } }),
      ['breaking id x-mcp-header: absent -> "Id"'],
    ],
    [
      'a deep change',
      object({ a: { type: 'array', items: object({ b: id }) } }),
      object({ a: { type: 'array', items: object({ b: { ...id, minLength: 2 } }) } }),
      ['breaking a[].b minLength: absent -> 2'],
    ],
    [
      'one alternative more',
      object({ a: { anyOf: [id] } }),
      object({ a: { anyOf: [id, { type: 'null' }] } }),
      ['additive a anyOf: [{"type":"string"}] -> [{"type":"string"},{"type":"null"}]'],
    ],
  ])('%s', (_, before, after, expected) => {
    expect(changes(input(before), input(after))).toEqual(expected);
  });

  test('what stands behind a reference is followed, also where it leads back to itself', () => {
    const tree = (leaf: JsonObject): JsonObject => ({
      ...object({ root: { $ref: '#/$defs/node' } }),
      $defs: { node: object({ value: leaf, next: { $ref: '#/$defs/node' } }) },
    });
    expect(changes(input(tree({ type: 'string' })), input(tree({ type: 'string', maxLength: 9 })))).toEqual([
      'breaking root.value maxLength: absent -> 9',
    ]);
    const wider = changes(input(tree({ type: 'integer' })), input(tree({ type: 'number' })));
    expect(wider).toEqual(['additive root.value type: "integer" -> "number"']);
  });

  test('a schema that is too complex to compare counts as breaking, and does not hang', () => {
    let [before, after]: JsonObject[] = [{ type: 'string' }, { type: 'string', maxLength: 5 }];
    for (let depth = 0; depth < 9; depth++) {
      before = { anyOf: [object({ a: before }), object({ b: before })] };
      after = { anyOf: [object({ b: after }), object({ a: after })] };
    }
    const found = changes(input(object({ a: before ?? {} })), input(object({ a: after ?? {} })));
    expect(found.some((change) => change.startsWith('breaking'))).toBe(true);
  });
});

describe('results', () => {
  const id = { type: 'string' };
  test.each<[string, Partial<ComparedTool>, Partial<ComparedTool>, string[]]>([
    ['no form any more', output(object({})), {}, ['breaking outputSchema: removed']],
    ['a form', {}, output(object({})), ['additive outputSchema: added']],
    [
      'one field more',
      output(object({})),
      output(object({ id })),
      ['additive id property: absent -> {"type":"string"}'],
    ],
    [
      'one field less',
      output(object({ id })),
      output(object({})),
      ['breaking id property: {"type":"string"} -> absent'],
    ],
    [
      'a field that may be absent now',
      output(object({ id }, { required: ['id'] })),
      output(object({ id })),
      ['breaking id required: true -> false'],
    ],
    [
      'a narrower type',
      output(object({ n: { type: 'number' } })),
      output(object({ n: { type: 'integer' } })),
      ['additive n type: "number" -> "integer"'],
    ],
    [
      'a wider type',
      output(object({ n: { type: 'integer' } })),
      output(object({ n: { type: 'number' } })),
      ['breaking n type: "integer" -> "number"'],
    ],
    [
      'a choice that clients do not know',
      output(object({ s: { enum: ['a'] } })),
      output(object({ s: { enum: ['a', 'b'] } })),
      ['breaking s enum: ["a"] -> ["a","b"]'],
    ],
  ])('%s', (_, before, after, expected) => {
    expect(changes(before, after)).toEqual(expected);
  });
});

/** Leaves with bounds that random values often meet. */
const leaf: fc.Arbitrary<JsonObject> = fc.oneof(
  fc.record(
    {
      type: fc.constantFrom('integer', 'number'),
      minimum: fc.integer({ min: -3, max: 3 }),
      maximum: fc.integer({ min: -3, max: 6 }),
      exclusiveMinimum: fc.integer({ min: -4, max: 2 }),
      multipleOf: fc.constantFrom(1, 2, 3),
    },
    { requiredKeys: ['type'] },
  ),
  fc.record(
    {
      type: fc.constant('string'),
      minLength: fc.integer({ min: 0, max: 3 }),
      maxLength: fc.integer({ min: 1, max: 5 }),
      pattern: fc.constantFrom('a', '^b'),
    },
    { requiredKeys: ['type'] },
  ),
  fc.record({ enum: fc.subarray(['a', 'b', 1, 2, null, true], { minLength: 1 }) }),
  fc.record({ const: fc.constantFrom('a', 1, null) }),
  fc.record({ type: fc.subarray(['string', 'integer', 'null', 'boolean'], { minLength: 1 }) }),
  fc.constant({}),
);

const { schema: anySchema } = fc.letrec<{ schema: JsonObject; object: JsonObject }>((tie) => ({
  schema: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    tie('object'),
    fc.record(
      {
        type: fc.constant('array'),
        items: tie('schema'),
        minItems: fc.integer({ min: 0, max: 2 }),
        maxItems: fc.integer({ min: 1, max: 3 }),
        uniqueItems: fc.boolean(),
      },
      { requiredKeys: ['type'] },
    ),
    fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }) }),
    fc.record({ oneOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }) }),
    fc.record(
      {
        allOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }),
        properties: fc.record({ a: tie('schema') }),
      },
      { requiredKeys: ['allOf'] },
    ),
    fc.record({ not: tie('schema') }),
  ),
  object: fc.record(
    {
      type: fc.constant('object'),
      properties: fc.record({ a: tie('schema'), b: tie('schema'), c: leaf }, { requiredKeys: [] }),
      required: fc.subarray(['a', 'b', 'c']),
      additionalProperties: fc.oneof(fc.boolean(), leaf),
      maxProperties: fc.integer({ min: 0, max: 3 }),
      dependentRequired: fc.constant({ a: ['b'] }),
    },
    { requiredKeys: ['type'] },
  ),
}));

const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('', 'a', 'b', 'ab', 'bca', 'aaaaaa', null, true, -3, -1, 0, 1, 1.5, 2, 3, 6),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.record({ a: tie('value'), b: tie('value'), c: tie('value') }, { requiredKeys: [] }),
  ),
}));

/** As they come from a file: with the prototypes of plain objects. */
const schema = anySchema.map((one): JsonObject => JSON.parse(JSON.stringify(one)));
const value = anyValue.map((one): unknown => JSON.parse(JSON.stringify(one)));

/** A schema and one that is often wider: the same without one of its keywords, or an alternative to something. */
const pair = fc
  .tuple(schema, schema, fc.nat(), fc.constantFrom('other', 'cut', 'cut', 'or'))
  .map(([first, second, at, how]): readonly [JsonObject, JsonObject] => {
    if (how === 'other') return [first, second];
    return [first, how === 'or' ? { anyOf: [second, first] } : withoutKeyword(first, at)];
  });

function withoutKeyword(any: JsonObject, at: number): JsonObject {
  const keys = Object.keys(any);
  const key = keys[at % Math.max(1, keys.length)];
  if (key === undefined) return any;
  const { [key]: member, ...rest } = any;
  const isDeep = at % 3 === 0 && typeof member === 'object' && member !== null && !Array.isArray(member);
  return isDeep ? { ...rest, [key]: withoutKeyword(member as JsonObject, at >> 2) } : rest;
}

/** Every pair is compiled, which takes long on a busy machine. */
const COMPILING_MS = 60_000;

describe('any two schemas', () => {
  const ajv = new Ajv2020({ strict: false, validateSchema: false });
  const validator = (any: JsonObject) => {
    const validate = ajv.compile(any);
    return (instance: unknown) => {
      // A schema of its own is compiled each time; keeping them would only fill the memory of the test.
      ajv.removeSchema(any);
      return validate(instance);
    };
  };
  /** Every name of the values is listed, so the exception for what was never listed does not apply. */
  const listing = (any: JsonObject): JsonObject => {
    if (any.type !== 'object') return any;
    return { ...any, properties: { a: {}, b: {}, c: {}, ...(any.properties ?? {}) } };
  };

  test(
    'what no refusal is found for stays valid',
    () => {
      let [proven, judged] = [0, 0];
      fc.assert(
        fc.property(pair, fc.array(value, { minLength: 20, maxLength: 20 }), ([first, second], values) => {
          const [from, to] = [listing(first), second];
          if (schemaRefusals(from, to, 'output').length > 0) return;
          proven++;
          const [was, is] = [validator(from), validator(to)];
          for (const instance of values) {
            if (!was(instance)) continue;
            judged++;
            expect(is(instance), JSON.stringify({ from, to, instance })).toBe(true);
          }
        }),
        { numRuns: 600 },
      );
      expect(proven).toBeGreaterThan(50);
      expect(judged).toBeGreaterThan(150);
    },
    COMPILING_MS,
  );

  test('a schema refuses nothing of itself, and no schema less than all', () => {
    fc.assert(
      fc.property(schema, (any) => {
        expect(schemaRefusals(any, structuredClone(any), 'input')).toEqual([]);
        expect(schemaRefusals(any, true, 'input')).toEqual([]);
      }),
    );
  });
});

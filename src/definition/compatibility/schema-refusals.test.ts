import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../tool.ts';
import { schemaRefusals } from './schema-refusals.ts';

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
    'P27: what no refusal is found for stays valid',
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

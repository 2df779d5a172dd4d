// Random satisfiable schemas over the 2020-12 vocabulary, for the property tests of this folder.
import fc from 'fast-check';
import { CHECKED_FORMATS } from '../../definition/rules/json-schema.ts';

type Schema = Record<string, unknown>;

const PATTERNS = [
  '^[A-Z]{3}-\\d{4}$',
  '^\\+?[1-9]\\d{1,14}$',
  '^(red|green|blue)$',
  '^#[0-9a-fA-F]{6}$',
  '[0-9]+',
  '^\\p{Lu}\\p{L}*$',
  '^[^\\s@]+@[^\\s@]+\\.[^\\s@]+$',
  '^v?\\d+\\.\\d+\\.\\d+(?:-[a-z]+)?$',
  '^(?:[a-z0-9]+-){2}[a-z0-9]+$',
  '^.{2,5}$',
];

const text = fc.string({ minLength: 0, maxLength: 8 });

const strings: fc.Arbitrary<Schema> = fc.oneof(
  fc.constant({ type: 'string' }),
  fc
    .tuple(fc.nat(60), fc.nat(60))
    .map(([min, more]) => ({ type: 'string', minLength: min, maxLength: min + more })),
  fc.constantFrom(...CHECKED_FORMATS).map((format) => ({ type: 'string', format })),
  fc.constantFrom(...PATTERNS).map((pattern) => ({ type: 'string', pattern })),
  fc.uniqueArray(text, { minLength: 1, maxLength: 5 }).map((values) => ({ enum: values })),
  text.map((value) => ({ const: value })),
  text.map((value) => ({ type: 'string', default: value })),
);

const numbers: fc.Arbitrary<Schema> = fc.oneof(
  fc.tuple(fc.integer({ min: -1000, max: 1000 }), fc.nat(500)).map(([low, more]) => ({
    type: 'integer',
    minimum: low,
    maximum: low + more,
  })),
  fc
    .tuple(fc.integer({ min: -50, max: 50 }), fc.constantFrom(0.01, 0.1, 0.25, 1, 3, 7))
    .map(([low, step]) => ({
      type: 'number',
      exclusiveMinimum: low,
      exclusiveMaximum: low + 3 * step + 1,
      multipleOf: step,
    })),
  fc.constant({ type: ['integer', 'null'], exclusiveMaximum: -5 }),
  fc
    .integer({ min: 2, max: 12 })
    .map((step) => ({ type: 'integer', multipleOf: step, not: { const: step } })),
);

const scalars = fc.oneof(strings, numbers, fc.constant({ type: 'boolean' }), fc.constant({ type: 'null' }));

const { schema } = fc.letrec<{ schema: Schema; object: Schema; array: Schema; combined: Schema }>((tie) => ({
  schema: fc.oneof(
    { depthSize: 'small', maxDepth: 4 },
    scalars,
    tie('object'),
    tie('array'),
    tie('combined'),
  ),
  object: fc
    .tuple(
      fc.dictionary(fc.constantFrom('a', 'b', 'c d', 'e/f', 'g~', '0', 'constructor'), tie('schema'), {
        maxKeys: 4,
      }),
      fc.nat(4),
    )
    .map(([properties, count]) => ({
      type: 'object',
      properties,
      required: Object.keys(properties).slice(0, count),
      additionalProperties: count % 2 === 0,
    })),
  array: fc.oneof(
    fc.tuple(tie('schema'), fc.nat(3), fc.nat(3)).map(([items, min, more]) => ({
      type: 'array',
      items,
      minItems: min,
      maxItems: min + more,
    })),
    fc.nat(6).map((min) => ({
      type: 'array',
      items: { type: 'integer', minimum: 0 },
      uniqueItems: true,
      minItems: min,
    })),
    tie('schema').map((first) => ({
      type: 'array',
      prefixItems: [first, { type: 'boolean' }],
      items: false,
      minItems: 2,
    })),
    fc
      .nat(3)
      .map((least) => ({ type: 'array', contains: { type: 'integer', minimum: 5 }, minContains: least + 1 })),
  ),
  combined: fc.oneof(
    fc.tuple(tie('schema'), tie('schema')).map((anyOf) => ({ anyOf })),
    strings.map((one) => ({
      oneOf: [{ type: 'integer' }, { ...one, type: 'string' }].slice(0, 'type' in one ? 2 : 1),
    })),
    numbers.map((one) => ({ allOf: [one, { description: 'a number' }, { not: { const: 1 } }] })),
    tie('schema').map((one) => ({ $defs: { inner: one }, allOf: [{ description: 'x' }, one] })),
    fc.constant({
      type: 'object',
      properties: { kind: { enum: ['card', 'cash'] } },
      required: ['kind'],
      if: { properties: { kind: { const: 'card' } } },
      // biome-ignore lint/suspicious/noThenProperty: `then` is a keyword of JSON Schema.
      then: { required: ['number'], properties: { number: { type: 'string', pattern: '^\\d{16}$' } } },
      else: { required: ['amount'], properties: { amount: { type: 'number', exclusiveMinimum: 0 } } },
    }),
    fc.nat(4).map((min) => ({
      type: 'object',
      minProperties: min,
      patternProperties: { '^x-[a-z]+$': { type: 'integer' } },
    })),
    fc.constant({
      type: 'object',
      required: ['a'],
      dependentRequired: { a: ['b'] },
      properties: { b: { type: 'integer' } },
    }),
    fc.constant({ type: 'object', required: ['a'], dependentSchemas: { a: { required: ['z'] } } }),
    fc.constant({ type: 'object', minProperties: 2, propertyNames: { pattern: '^[A-Z]{2}$' } }),
  ),
}));

/** Input schemas of tools: objects of up to five arguments, most of them required, with a recursive definition. */
export const inputSchemas: fc.Arbitrary<Schema> = fc
  .tuple(fc.array(schema, { minLength: 1, maxLength: 5 }), fc.nat(5), fc.boolean())
  .map(([members, count, isClosed]) => {
    const properties = Object.fromEntries(members.map((member, index) => [`argument${index}`, member]));
    return {
      type: 'object',
      properties: { ...properties, tree: { $ref: '#/$defs/tree' } },
      required: [...Object.keys(properties).slice(0, count), ...(isClosed ? ['tree'] : [])],
      additionalProperties: !isClosed,
      $defs: {
        tree: {
          type: 'object',
          properties: {
            value: { type: 'integer' },
            children: { type: 'array', items: { $ref: '#/$defs/tree' } },
          },
          required: ['value', 'children'],
        },
      },
    };
  });

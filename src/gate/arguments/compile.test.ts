import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CHECKED_FORMATS } from '../../definition/rules/json-schema.ts';
import type { JsonObject } from '../../tool.ts';
import { checkInputSchema } from './check-schema.ts';
import { compileArguments } from './compile.ts';
import { formatChecks } from './formats.ts';
import { createSchemaEngine } from './schema-engine.ts';
import { inputSchemas } from './schemas.fixture.ts';
import type { ValidationError } from './validation-error.ts';
import { toValidationResult } from './validation-result.ts';

const limits = { maxArgsDepth: 32, maxStringLength: 1_048_576, maxArrayLength: 10_000 };
/** One seed, so that a failure stays. */
const SEED = 20_260_731;

function refusal(schema: JsonObject, args: unknown): ValidationError {
  expect(checkInputSchema(schema)).toEqual([]);
  const verdict = compileArguments(schema, limits).validate(args);
  if (verdict.ok) throw new Error(`accepted: ${JSON.stringify(args)}`);
  return verdict.error;
}

/** An instance with the library's own idea of everything but formats, to judge examples independently. */
function createReference(): Ajv2020 {
  const ajv = new Ajv2020({ strict: false, logger: false, multipleOfPrecision: 10, ownProperties: true });
  for (const format of CHECKED_FORMATS) ajv.addFormat(format, formatChecks[format]);
  return ajv;
}

function isValid(reference: Ajv2020, schema: JsonObject, value: unknown): boolean {
  const valid = reference.compile(schema)(value);
  reference.removeSchema(schema);
  return valid;
}

test('P06: 500 generated schemas give an example that validates and is the same in a second run', () => {
  const schemas = fc.sample(inputSchemas, { numRuns: 500, seed: SEED });
  const failed: unknown[] = [];
  const reference = createReference();
  for (const schema of schemas) {
    expect(checkInputSchema(schema)).toEqual([]);
    const first = refusal(schema, 'not an object').validExample;
    const second = refusal(structuredClone(schema), 'not an object').validExample;
    expect(second).toEqual(first);
    if (first === null || !isValid(reference, schema, first)) failed.push([schema, first]);
    const required: readonly unknown[] = Array.isArray(schema.required) ? schema.required : [];
    expect(Object.keys(first ?? {})).toEqual(expect.arrayContaining([...required]));
  }
  expect(failed).toEqual([]);
}, 60_000);

test('P06: 10,000 generated values reach the handler deep-equal, twice in a row', () => {
  const tags = fc.constantFrom(
    '<div>',
    'a<b',
    '&lt;',
    "'; DROP TABLE users; --",
    '../../etc/passwd',
    '${HOME}',
    '__proto__',
  );
  const values = fc.sample(
    fc.dictionary(fc.oneof(fc.string(), tags), fc.oneof(fc.jsonValue({ maxDepth: 4 }), tags), { maxKeys: 6 }),
    { numRuns: 10_000, seed: SEED },
  );
  const open = compileArguments({ type: 'object' }, limits);
  const nested = { type: 'object', properties: { deep: { properties: { absent: { default: 1 } } } } };
  const filling = compileArguments(nested, limits);
  for (const value of values) {
    const text = JSON.stringify(value);
    const parsed: unknown = JSON.parse(text);
    for (const validator of [open, filling, open]) {
      const verdict = validator.validate(parsed);
      expect(verdict.ok && JSON.stringify(verdict.args)).toBe(text);
    }
    expect(JSON.stringify(parsed)).toBe(text);
  }
});

test('an own __proto__ stays data, with and without defaults', () => {
  const args: unknown = JSON.parse('{"__proto__":{"admin":true},"a":-0}');
  for (const properties of [{}, { b: { default: 1 } }, { b: { properties: { c: { default: 1 } } } }]) {
    const verdict = compileArguments({ type: 'object', properties }, limits).validate(args);
    if (!verdict.ok) throw new Error('refused');
    expect(Object.getPrototypeOf(verdict.args)).toBe(Object.prototype);
    expect(Object.hasOwn(verdict.args, '__proto__')).toBe(true);
    expect(verdict.args.a).toBe(-0);
  }
});

test('defaults fill absent properties at every level and leave the parsed input alone', () => {
  const schema = {
    type: 'object',
    properties: {
      limit: { type: 'integer', default: 20 },
      paging: { type: 'object', properties: { size: { type: 'integer', default: 5 } } },
      tags: { type: 'array', items: { type: 'object', properties: { weight: { default: 1 } } } },
    },
    required: ['limit'],
  };
  const args = { paging: {}, tags: [{}, { weight: 3 }] };
  const verdict = compileArguments(schema, limits).validate(Object.freeze(args));
  expect(verdict).toEqual({
    ok: true,
    args: { limit: 20, paging: { size: 5 }, tags: [{ weight: 1 }, { weight: 3 }] },
  });
  expect(args).toEqual({ paging: {}, tags: [{}, { weight: 3 }] });
});

test('absent arguments count as an empty object, and nothing is coerced', () => {
  const validator = compileArguments({ type: 'object', properties: { n: { type: 'integer' } } }, limits);
  expect(validator.validate(undefined)).toEqual({ ok: true, args: {} });
  expect(validator.validate({ n: '1' }).ok).toBe(false);
  expect(validator.validate({ n: true }).ok).toBe(false);
  for (const args of [null, [], 'text', 5]) expect(validator.validate(args).ok).toBe(false);
});

test('names that every object inherits are neither present nor wrong', () => {
  const schema = { type: 'object', properties: { constructor: { type: 'string' } }, required: ['toString'] };
  expect(refusal(schema, {}).issues.map(({ field }) => field)).toEqual(['toString']);
  expect(compileArguments(schema, limits).validate({ toString: 'x' }).ok).toBe(true);
});

const cases: readonly (readonly [
  string,
  JsonObject,
  unknown,
  { field?: string; expected: string; fix: string },
])[] = [
  ['type', { type: 'integer', minimum: 1, maximum: 9 }, 'five', { expected: 'integer', fix: 'integer' }],
  ['enum', { enum: ['asc', 'desc'] }, 'up', { expected: '"asc", "desc"', fix: 'Use one of "asc", "desc"' }],
  ['const', { const: 'v1' }, 'v2', { expected: '"v1"', fix: '"v1"' }],
  ['minimum', { minimum: 3, maximum: 8 }, 1, { expected: 'from 3 to 8', fix: 'from 3 to 8' }],
  ['maximum', { maximum: 8 }, 9, { expected: 'at most 8', fix: 'at most 8' }],
  ['exclusiveMinimum', { exclusiveMinimum: 3 }, 3, { expected: 'greater than 3', fix: 'greater than 3' }],
  ['exclusiveMaximum', { exclusiveMaximum: 3 }, 3, { expected: 'less than 3', fix: 'less than 3' }],
  ['multipleOf', { multipleOf: 5 }, 7, { expected: 'a multiple of 5', fix: 'a multiple of 5' }],
  ['minLength', { minLength: 3 }, 'ab', { expected: 'at least 3 characters', fix: 'at least 3 characters' }],
  [
    'maxLength',
    { minLength: 1, maxLength: 2 },
    'abc',
    { expected: 'from 1 to 2 characters', fix: 'from 1 to 2' },
  ],
  ['pattern', { pattern: '^[a-z]+$' }, 'A', { expected: '^[a-z]+$', fix: '^[a-z]+$' }],
  ['format', { format: 'email' }, 'nobody', { expected: 'email', fix: 'user@example.com' }],
  ['minItems', { minItems: 2 }, [1], { expected: 'at least 2 items', fix: 'at least 2 items' }],
  ['maxItems', { maxItems: 1 }, [1, 2], { expected: 'at most 1 items', fix: 'at most 1 items' }],
  ['uniqueItems', { uniqueItems: true }, [1, 2, 1], { expected: 'all different', fix: 'Remove item 2' }],
  [
    'contains',
    { contains: { type: 'string' }, minContains: 2 },
    ['a', 1],
    { expected: 'at least 2', fix: 'string' },
  ],
  [
    'maxContains',
    { contains: { const: 1 }, maxContains: 1 },
    [1, 1],
    { expected: 'at most 1', fix: 'at most 1' },
  ],
  [
    'items: false',
    { prefixItems: [{}], items: false },
    [1, 2],
    { expected: 'at most 1 items', fix: '1 items or fewer' },
  ],
  ['minProperties', { minProperties: 1 }, {}, { expected: 'at least 1 properties', fix: 'at least 1' }],
  [
    'maxProperties',
    { maxProperties: 1 },
    { a: 1, b: 2 },
    { expected: 'at most 1 properties', fix: 'at most 1' },
  ],
  [
    'required',
    { required: ['id'], properties: { id: { type: 'string' } } },
    {},
    { field: 'value.id', expected: 'string', fix: 'Add the field "id"' },
  ],
  [
    'dependentRequired',
    { dependentRequired: { a: ['b'] } },
    { a: 1 },
    { field: 'value.b', expected: 'any value', fix: '"b"' },
  ],
  [
    'additionalProperties',
    { properties: { limit: {} }, additionalProperties: false },
    { limt: 1 },
    { field: 'value.limt', expected: 'limit', fix: 'Rename "limt" to "limit"' },
  ],
  [
    'unevaluatedProperties',
    { properties: { a: {} }, unevaluatedProperties: false },
    { zzz: 1 },
    { field: 'value.zzz', expected: 'a', fix: 'Remove the property "zzz"' },
  ],
  [
    'propertyNames',
    { propertyNames: { maxLength: 2 } },
    { abc: 1 },
    { field: 'value.abc', expected: 'at most 2 characters', fix: 'Rename' },
  ],
  [
    'anyOf',
    { anyOf: [{ type: 'string' }, { type: 'integer', minimum: 1 }] },
    -1,
    { expected: 'string; or integer (at least 1)', fix: 'string' },
  ],
  [
    'oneOf',
    { oneOf: [{ multipleOf: 2 }, { multipleOf: 3 }] },
    6,
    { expected: 'exactly one of', fix: 'exactly one' },
  ],
  [
    'oneOf of references',
    { oneOf: [{ $ref: '#/$defs/word' }, { type: 'null' }] },
    5,
    { expected: 'string', fix: 'string' },
  ],
  [
    'not',
    { not: { const: 'admin' } },
    'admin',
    { expected: 'anything but exactly "admin"', fix: 'not exactly "admin"' },
  ],
  [
    'then',
    // biome-ignore lint/suspicious/noThenProperty: `then` is a keyword of JSON Schema.
    { if: { const: 'a' }, then: { minLength: 2 } },
    'a',
    { expected: 'at least 2 characters', fix: 'at least 2' },
  ],
  [
    'false schema',
    { properties: { x: false } },
    { x: 1 },
    { field: 'value.x', expected: 'nothing', fix: 'Remove' },
  ],
];

test.each(cases)(
  'P06: a broken %s says field, problem, received, expected and fix',
  (_keyword, member, value, want) => {
    const schema = {
      type: 'object',
      properties: { value: member },
      $defs: { word: { type: 'string', minLength: 1 } },
    };
    const { issues } = refusal(schema, { value });
    expect(issues).toHaveLength(1);
    const [issue] = issues;
    expect(issue).toEqual({
      field: want.field ?? 'value',
      problem: expect.stringMatching(/\.$/),
      received: expect.any(String),
      expected: expect.stringContaining(want.expected),
      fix: expect.stringContaining(want.fix),
    });
  },
);

test('paths name array indices, nested members and unusual names', () => {
  const schema = {
    type: 'object',
    properties: {
      a: { type: 'object', properties: { b: { type: 'array', items: { type: 'integer' } } } },
      'x y': { type: 'null' },
    },
  };
  const { issues } = refusal(schema, { a: { b: [1, 2, 'three'] }, 'x y': 1 });
  expect(issues.map(({ field }) => field)).toEqual(['a.b[2]', '["x y"]']);
});

test('received is redacted and at most 200 characters', () => {
  const schema = {
    type: 'object',
    properties: { api_key: { type: 'integer' }, note: { type: 'integer' }, nested: { type: 'integer' } },
  };
  const { issues } = refusal(schema, {
    api_key: 'hunter2-hunter2',
    note: 'x'.repeat(5000),
    nested: { password: 'hunter2-hunter2' },
  });
  expect(JSON.stringify(issues)).not.toContain('hunter2');
  expect(issues[0]?.received).toBe('[REDACTED]');
  for (const { received } of issues) expect(received.length).toBeLessThanOrEqual(200);
});

test('oversize arguments are refused with the limit before the schema sees them', () => {
  const small = { maxArgsDepth: 3, maxStringLength: 5, maxArrayLength: 2 };
  const validator = compileArguments({ type: 'object' }, small);
  const issueOf = (args: unknown) => {
    const verdict = validator.validate(args);
    return verdict.ok ? undefined : verdict.error.issues[0];
  };
  expect(issueOf({ a: { b: {} } })).toBeUndefined();
  expect(issueOf({ a: { b: [[]] } })).toMatchObject({
    field: 'a.b[0]',
    expected: expect.stringContaining('at most 3 levels'),
  });
  expect(issueOf({ a: 'x'.repeat(6) })).toMatchObject({
    field: 'a',
    expected: expect.stringContaining('at most 5 characters'),
  });
  expect(issueOf({ a: [1, 2, 3] })).toMatchObject({
    field: 'a',
    expected: expect.stringContaining('at most 2 items'),
  });
  let deep: unknown = 1;
  for (let level = 0; level < 100_000; level++) deep = [deep];
  expect(issueOf({ deep })).toMatchObject({ expected: expect.stringContaining('at most 3 levels') });
});

test('a flood of mistakes costs no flood of issues', () => {
  const schema = {
    type: 'object',
    properties: { rows: { type: 'array', items: { type: 'array', items: { type: 'string' } } } },
  };
  const few = refusal(schema, { rows: [Array.from({ length: 100 }, () => 1)] });
  expect(few.issues).toHaveLength(20);
  expect(few.summary).toContain('100 problems');
  const many = refusal(schema, {
    rows: Array.from({ length: 100 }, () => Array.from({ length: 5000 }, () => 1)),
  });
  expect(many.issues).toHaveLength(1);
});

test('10,000 distinct objects are checked for uniqueness in linear time', () => {
  const schema = { type: 'object', properties: { rows: { type: 'array', uniqueItems: true } } };
  const rows = Array.from({ length: 10_000 }, (_, id) => ({ id, name: 'x' }));
  const startedAt = performance.now();
  expect(compileArguments(schema, limits).validate({ rows }).ok).toBe(true);
  expect(performance.now() - startedAt).toBeLessThan(1000);
  expect(
    compileArguments(schema, limits).validate({ rows: [...rows.slice(1), { name: 'x', id: 5 }] }).ok,
  ).toBe(false);
});

test('an unsatisfiable schema has no example and says so', () => {
  const schema = {
    type: 'object',
    properties: { a: { type: 'string', pattern: '^a$', minLength: 2 } },
    required: ['a'],
  };
  const error = refusal(schema, {});
  expect(error.validExample).toBeNull();
  expect(error.suggestions.at(-1)).toContain('No valid example could be built');
});

test('the result carries the error for programs and the same as text for models', () => {
  const schema = {
    type: 'object',
    description: 'Find orders.',
    properties: {
      customer: { type: 'string', description: 'Customer number.', pattern: '^C\\d+$' },
      limit: { type: 'integer', minimum: 1, maximum: 100, default: 20 },
    },
    required: ['customer'],
    additionalProperties: false,
  };
  const error = refusal(schema, { limit: 0 });
  const result = toValidationResult(error);
  expect(result.isError).toBe(true);
  expect(result._meta).toEqual({ error });
  expect(error).toMatchObject({
    type: 'validation',
    summary: 'Invalid arguments: 2 problems (customer, limit).',
    schema: {
      description: 'Find orders.',
      properties: {
        customer: {
          type: 'string',
          description: 'Customer number.',
          constraints: ['pattern ^C\\d+$'],
          examples: [],
        },
        limit: {
          type: 'integer',
          description: '',
          constraints: ['at least 1', 'at most 100', 'default 20'],
          examples: [20],
        },
      },
      required: ['customer'],
    },
    validExample: { customer: expect.stringMatching(/^C\d+$/) },
  });
  const text = String(result.content[0]?.text);
  for (const part of [
    error.summary,
    '1. customer: Required, but missing.',
    'Fix: ',
    'Customer number.',
    'Suggestions:',
    '```json',
  ]) {
    expect(text).toContain(part);
  }
});

test('2,000 tools are prepared without compiling one', () => {
  const startedAt = performance.now();
  const engine = createSchemaEngine();
  for (let index = 0; index < 2000; index++) {
    const schema = {
      type: 'object',
      properties: { [`p${index}`]: { type: 'string', pattern: '^[a-z]+$', default: 'a' } },
    };
    expect(checkInputSchema(schema).length).toBe(0);
    compileArguments(schema, limits, engine);
  }
  expect(performance.now() - startedAt).toBeLessThan(1000);
});

test('validating valid arguments costs about a microsecond', () => {
  const schema = {
    type: 'object',
    properties: { text: { type: 'string', maxLength: 100 } },
    required: ['text'],
    additionalProperties: false,
  };
  const validator = compileArguments(schema, limits);
  const args = { text: 'hello' };
  const rounds = Array.from({ length: 5 }, () => {
    const startedAt = performance.now();
    for (let turn = 0; turn < 100_000; turn++) validator.validate(args);
    return (performance.now() - startedAt) / 100;
  });
  // Microseconds per call of the best round; five times the bar, for a machine that does other things too.
  expect(Math.min(...rounds)).toBeLessThan(5);
});

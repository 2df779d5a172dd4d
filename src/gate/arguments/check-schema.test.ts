import { expect, test } from 'vitest';
import { checkInputSchema, checkSchema } from './check-schema.ts';
import { compileArguments } from './compile.ts';
import { compileOutput } from './output.ts';

test.each([
  [{ type: 'strng' }, '/type', 'string, number'],
  [{ properties: { a: { minimum: '3' } } }, '/properties/a/minimum', 'a number'],
  [{ required: 'id' }, '/required', 'a list'],
  [{ items: [{ type: 'string' }] }, '/items', 'prefixItems'],
  [{ enum: [] }, '/enum', 'at least one'],
  [{ multipleOf: 0 }, '/multipleOf', 'above 0'],
  [{ maxLength: -1 }, '/maxLength', 'from 0'],
  [{ pattern: '(?=x)' }, '/pattern', 'look-around'],
  [{ patternProperties: { '(': {} } }, '/patternProperties/(', 'no usable pattern'],
  [{ $ref: 'https://example.com/schema.json' }, '/$ref', 'only references inside'],
  [{ $ref: '#/$defs/missing' }, '/$ref', 'not in the schema'],
  [{ oneOf: {} }, '/oneOf', 'at least one schema'],
  [{ properties: { 'a/b': 5 } }, '/properties/a~1b', 'a schema'],
  [{ uniqueItems: 'yes' }, '/uniqueItems', 'true or false'],
  [{ format: 5 }, '/format', 'a string'],
])('%j is a mistake at %s', (schema, pointer, message) => {
  expect(checkSchema(schema)).toEqual([{ pointer, message: expect.stringContaining(message) }]);
});

test('the keywords of the configurable framework and unknown ones pass', () => {
  const schema = {
    type: 'object',
    properties: {
      a: { type: 'string', enum: ['x'], enumNames: ['X'], 'x-mcp-header': 'A', format: 'colour' },
    },
    $defs: { b: { $anchor: 'here', type: 'integer' } },
    allOf: [{ properties: { c: { $ref: '#here' } } }],
  };
  expect(checkInputSchema(schema)).toEqual([]);
});

test('arguments are an object', () => {
  expect(checkInputSchema({ type: 'array' })).toEqual([
    { pointer: '/type', message: expect.stringContaining('object') },
  ]);
});

test('a schema that cannot be used is refused when the plan is built', () => {
  const limits = { maxArgsDepth: 32, maxStringLength: 10, maxArrayLength: 10 };
  const huge = { type: 'object', properties: { a: { pattern: '^(?:[a-z]{1,1000}){1,1000}$' } } };
  expect(() => compileArguments(huge, limits)).toThrow(
    'inputSchema/properties/a/pattern is no usable pattern',
  );
  expect(() => compileOutput({ type: 'text' })).toThrow('outputSchema/type must be one of');
});

test('structured content that breaks the output schema is described', () => {
  const check = compileOutput({
    type: 'object',
    properties: { total: { type: 'number', default: 1 } },
    required: ['total'],
  });
  expect(check({ total: 5 })).toBeUndefined();
  expect(check({})).toContain('total: Required, but missing.');
  expect(check([1])).toContain('root: Wrong type: array.');
});

import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createReport } from '../report.ts';
import { parseSource } from '../source/source.ts';
import { checkJsonSchema } from './json-schema.ts';
import { patternProblem } from './pattern.ts';
import { sqlParameters } from './sql-parameters.ts';

function errorsOf(schema: unknown): string[] {
  const source = parseSource('a.json', JSON.stringify(schema));
  const report = createReport(source);
  if (source.root !== undefined) checkJsonSchema(source.root, report);
  return report.problems.filter(({ severity }) => severity === 'error').map(({ rule }) => rule);
}

const value = fc.constantFrom<unknown>(
  'string',
  'sting',
  1,
  -1,
  1.5,
  true,
  null,
  [],
  ['a'],
  ['a', 'a'],
  {},
  [{}],
  { a: {} },
  { a: 1 },
  { a: ['b'] },
);
const keyword = fc.constantFrom(
  ...'type minimum maxLength multipleOf properties items required enum not anyOf prefixItems additionalProperties dependentRequired uniqueItems description minItems if $defs format'.split(
    ' ',
  ),
);
const schema = fc.dictionary(keyword, value, { maxKeys: 3 });

test('P08: what the meta-schema of JSON Schema 2020-12 refuses is refused, and nothing else', () => {
  const ajv = new Ajv2020({ strict: false });
  fc.assert(
    fc.property(schema, (candidate) => {
      expect(errorsOf(candidate).length === 0).toBe(ajv.validateSchema(candidate) === true);
    }),
    { numRuns: 3000 },
  );
});

test.each([
  ['#/$defs/a', []],
  ['#', []],
  ['#here', []],
  ['#/$defs/b', ['json-schema']],
  ['#there', ['json-schema']],
  ['https://example.com/a.json', ['json-schema']],
  ['other.json#/a', ['json-schema']],
  ['#/%', ['json-schema']],
])('a reference to %s', (reference, expected) => {
  const found = errorsOf({ properties: { x: { $ref: reference } }, $defs: { a: { $anchor: 'here' } } });
  expect(found).toEqual(expected);
});

test.each([
  ['^[a-z]+$', undefined],
  ['[(?=]', undefined],
  ['\\(?=', undefined],
  ['(?:a|b)', undefined],
  ['(?<year>\\d{4})', undefined],
  ['[\\1]', 'The pattern is invalid: /[\\1]/u: Invalid decimal escape.'],
  ['a(?=b)', 'The pattern has a look-around.'],
  ['a(?!b)', 'The pattern has a look-around.'],
  ['(?<=a)b', 'The pattern has a look-around.'],
  ['(?<!a)b', 'The pattern has a look-around.'],
  ['(a)\\1', 'The pattern has a back-reference.'],
  ['(?<a>b)\\k<a>', 'The pattern has a back-reference.'],
  ['(', 'The pattern is invalid: /(/u: Unterminated group.'],
])('the pattern %s', (pattern, expected) => {
  expect(patternProblem(pattern)).toBe(expected);
});

test.each([
  ['SELECT :a, :b, :a', ['a', 'b']],
  ['SELECT \':a\', ":b", `:c` -- :d\n, :e', ['e']],
  ['SELECT a::text, :b::int', ['b']],
  ['SELECT /* :a */ :b', ['b']],
  ['SELECT $$ :a $$, $t$ :b $t$, :c', ['c']],
  ["SELECT 'it''s :a', :b", ['b']],
])('the parameters of %s', (statement, names) => {
  expect(sqlParameters(statement)).toEqual(names);
});

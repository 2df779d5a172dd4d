import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readStatement } from './statement.ts';

test.each([
  [
    'SELECT a FROM t WHERE b = :b AND c = :c AND d = :b',
    'SELECT a FROM t WHERE b = ? AND c = ? AND d = ?',
    ['b', 'c', 'b'],
  ],
  [
    'SELECT a FROM t LIMIT :n OFFSET :m',
    'SELECT a FROM t LIMIT ifnull(?,NULL) OFFSET ifnull(?,NULL)',
    ['n', 'm'],
  ],
  ['SELECT \':a\', ":b", `:c`, [:d] FROM t', 'SELECT \':a\', ":b", `:c`, [:d] FROM t', []],
  ["SELECT x':a' , :b", undefined, ['b']],
  ['SELECT 1 /* :a */ + :b -- :c\n+ 2;', 'SELECT 1   + ?  \n+ 2', ['b']],
  ['SELECT 1; -- done\n', 'SELECT 1', []],
  ['VALUES (:a)', 'VALUES (?)', ['a']],
] as const)('sqlite: %s', (source, text, bindings) => {
  const statement = readStatement(source, 'sqlite');
  if (text !== undefined) expect(statement.text).toBe(text);
  expect(statement.bindings).toEqual(bindings);
});

test.each([
  ['SELECT :a, :b, :a', 'SELECT $1, $2, $1', ['a', 'b']],
  ['SELECT x::int, :a::text FROM t LIMIT :n', 'SELECT x::int, $1::text FROM t LIMIT $2', ['a', 'n']],
  ['SELECT arr[1:n], arr[f(x):2], arr[:a] FROM t', 'SELECT arr[1:n], arr[f(x):2], arr[$1] FROM t', ['a']],
  ['SELECT arr[1: :b] FROM t', 'SELECT arr[1: $1] FROM t', ['b']],
  ['SELECT $$ :a ; $$, $tag$ $$ :b $tag$, :c', 'SELECT $$ :a ; $$, $tag$ $$ :b $tag$, $1', ['c']],
  ["SELECT E'it\\'s :a', 'it''s \\', :b", "SELECT E'it\\'s :a', 'it''s \\', $1", ['b']],
  ['SELECT /* a /* :b */ ; */ 1', 'SELECT   1', []],
  [
    'SELECT doc @> :a, doc ? :b, doc #>> :c FROM t',
    'SELECT doc @> $1, doc ? $2, doc #>> $3 FROM t',
    ['a', 'b', 'c'],
  ],
  ['(SELECT :a) UNION (SELECT 1)', '(SELECT $1) UNION (SELECT 1)', ['a']],
  ['TABLE orders', 'TABLE orders', []],
] as const)('postgres: %s', (source, text, bindings) => {
  const statement = readStatement(source, 'postgres');
  expect(statement.text).toBe(text);
  expect(statement.bindings).toEqual(bindings);
});

test('names functions, also quoted ones, and notices escaped names', () => {
  const statement = readStatement(
    'SELECT Count(*), "Sneaky"(1), pg_catalog.lower (x) FROM t WHERE a IN (1)',
    'postgres',
  );
  expect(statement.calls).toEqual(['count', 'Sneaky', 'lower', 'in']);
  expect(statement.obscured).toBe(false);
  expect(readStatement('SELECT U&"a\\0062"(1)', 'postgres').obscured).toBe(true);
});

test.each([
  ['DELETE FROM t', 'must start with SELECT'],
  ['', 'must start with'],
  ['SELECT 1; SELECT 2', 'Only one statement'],
  ['SELECT 1;;', 'Only one statement'],
  ["SELECT 'a", 'string that starts in line 1'],
  ['SELECT\n/* a', 'comment that starts in line 2'],
  ['SELECT "a', 'quoted name'],
  ['SELECT $1', 'write parameters as :name'],
  ['SELECT 1\0', 'NUL'],
  [`SELECT ${'1+'.repeat(60_000)}1`, 'longer than 100000'],
])('refuses %s', (source, message) => {
  for (const dialect of ['sqlite', 'postgres'] as const) {
    expect(() => readStatement(source, dialect)).toThrow(message);
  }
});

test('refuses the placeholders of SQLite and unfinished dollar quotes', () => {
  for (const source of ['SELECT ?', 'SELECT ?1', 'SELECT @a', 'SELECT $a']) {
    expect(() => readStatement(source, 'sqlite')).toThrow('write parameters as :name');
  }
  expect(() => readStatement('SELECT $x$ a', 'postgres')).toThrow('dollar-quoted string');
});

test('any text either is refused or keeps everything but parameters and comments', () => {
  const piece = fc.constantFrom(
    "'",
    '"',
    '$$',
    '$a$',
    ':a',
    '::',
    '[',
    ']',
    '--',
    '\n',
    '/*',
    '*/',
    ';',
    'E',
    '\\',
    'x',
    '1',
    ' ',
    '(',
    ')',
    '`',
    'é',
    '😀',
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 24 }),
      fc.constantFrom('sqlite' as const, 'postgres' as const),
      (pieces, dialect) => {
        const source = `SELECT ${pieces.join('')}`;
        let text: string;
        try {
          text = readStatement(source, dialect).text;
        } catch {
          // A refusal is always allowed here.
          return;
        }
        if (!source.includes(':a') && !source.includes('--') && !source.includes('/*')) {
          expect(text).toBe(source.trim().replace(/;\s*$/, '').trim());
        }
      },
    ),
    { numRuns: 2000 },
  );
});

// What a grammar cannot read is mended or found by patterns, with every line where it stands.
import { expect, test } from 'vitest';
import { grammarOf } from './grammars.ts';
import { blankMacros } from './macro-blanks.ts';
import { readFacts } from './read-facts.ts';
import { Syntax } from './syntax.ts';

async function namesOf(path: string, text: string): Promise<readonly string[]> {
  const grammar = grammarOf(path);
  if (grammar === undefined) throw new Error(`${path} has no grammar.`);
  const facts = await readFacts(text, grammar, new Syntax());
  return (facts?.symbols ?? []).map(({ name, line, kind }) => `${line} ${kind} ${name}`);
}

const CPP = `LIB_BEGIN_NAMESPACE
namespace lib {
LIB_EXPORT
template <typename T> class LIB_API holder final : public base<T> {
  Q_OBJECT
  LIB_CONSTEXPR20 auto size() const LIB_NOEXCEPT -> int { return size_; }
  LIB_INLINE void grow(int by) LIB_GUARDED_BY(mutex_);
  int size_ = 0;
};
struct LIB_VISIBLE(default) plain { int x; };
enum class LIB_API colour { red, LAST_OF_ALL };
LIB_API LIB_DEPRECATED("for good") int deprecated(char c);
LIB_FORCE_INLINE bool is_fine(int value) LIB_NOEXCEPT { return value > LIB_LEAST; }
}
LIB_END_NAMESPACE
`;

test('P45: macros of C++ hide no definition', async () => {
  expect(await namesOf('a.hpp', CPP)).toEqual([
    '2 namespace lib',
    '4 class holder',
    '6 method size',
    '7 method grow',
    '8 field size_',
    '10 struct plain',
    '10 field x',
    '11 enum colour',
    '11 constant red',
    '11 constant LAST_OF_ALL',
    '12 function deprecated',
    '13 function is_fine',
  ]);
});

test('blanks keep every position, and leave directives and values alone', () => {
  const blanked = blankMacros(CPP);
  expect(blanked.length).toBe(CPP.length);
  expect(blanked.split('\n').length).toBe(CPP.split('\n').length);
  expect(blanked).not.toContain('LIB_API');
  for (const text of [
    '#define LIB_INLINE inline\n#define LIB_TWO \\\n  LIB_INLINE static\nint a;\n',
    'enum { ONE_THING,\n  LAST_THING\n};\n',
    'int a = LIB_ONE +\n  LIB_TWO\n  + 3;\n',
    'call(LIB_ONE,\n  LIB_TWO\n);\n',
  ])
    expect(blankMacros(text)).toBe(text);
});

test('P45: functions of other shells are found where the grammar of bash loses its way', async () => {
  const zsh =
    'one() {\n  echo 1\n}\nfor x (a b) { print $x }\nfunction two-words {\n  (( $+x[(r)y] )) && print\n}\nthree () { : }\n';
  expect((await namesOf('a.zsh', zsh)).map((row) => row.replace(/ function/, ''))).toEqual([
    '1 one',
    '5 two-words',
    '8 three',
  ]);
});

test.each([
  'LIB_A ',
  'LIB_A(',
  'LIB_A(b) ',
  'class LIB_A ',
  ') LIB_A ',
  'template <LIB_A(',
  'LIB_A a::b<c, d> *& ',
])('a text of nothing but %s is blanked in time', (piece) => {
  const started = performance.now();
  for (const text of [
    piece.repeat(100_000 / piece.length),
    `${piece.repeat(900 / piece.length)}\n`.repeat(100),
  ])
    expect(blankMacros(text).length).toBe(text.length);
  expect(performance.now() - started).toBeLessThan(3_000);
});

async function isLocalByName(path: string, text: string): Promise<Record<string, boolean>> {
  const grammar = grammarOf(path);
  if (grammar === undefined) throw new Error(`${path} has no grammar.`);
  const facts = await readFacts(text, grammar, new Syntax());
  return Object.fromEntries((facts?.symbols ?? []).map(({ name, isLocal }) => [name, isLocal]));
}

test('P45: what a function without a name defines is local to it, in whatever it stands', async () => {
  const text = `export const transform = create('for', (node) => {
  const kept = 1;
  function helper() {}
  class Inner { run() {} }
});
describe('a', function () { const lost = 1; function arrange() {} });
export const open = 1;
`;
  expect(await isLocalByName('a.ts', text)).toEqual({
    transform: false,
    helper: true,
    Inner: true,
    run: true,
    arrange: true,
    open: false,
  });
});

test.each([
  '(function () { BODY })();',
  ';(function () { BODY }.call(this));',
  '(function (root, factory) { factory(root); })(this, function () { BODY });',
  "define(['a'], function () { BODY });",
])('P45: a function that is called where it stands is a module: %s', async (wrapper) => {
  const body = 'var shared = 1; function helper() { var own = 2; }';
  expect(await isLocalByName('a.js', wrapper.replace('BODY', body))).toEqual({
    shared: false,
    helper: false,
  });
});

test('P45: a dollar belongs to a name, but in PHP', async () => {
  expect(await namesOf('a.ts', 'interface Api { $set(): void; $children: string[] }\n')).toEqual([
    '1 interface Api',
    '1 method $set',
    '1 field $children',
  ]);
  expect(await namesOf('a.php', '<?php class Api { public $children; }\n')).toEqual([
    '1 class Api',
    '1 field children',
  ]);
});

test('P45: a field of Python is defined where it is first assigned', async () => {
  const text = `class Session:
    accessed = False
    def open(self):
        self._inner = None
        self._inner = object()
    def close(self):
        self._inner = None
        self.accessed = True
class Other:
    def open(self):
        self._inner = None
`;
  expect((await namesOf('a.py', text)).filter((row) => row.includes(' field '))).toEqual([
    '2 field accessed',
    '4 field _inner',
    '11 field _inner',
  ]);
});

// The queries of the comparisons: chosen ones, and ones generated from the text of a corpus with a fixed seed.

import { readFileSync } from 'node:fs';
import type { OracleQuery } from './ripgrep.ts';

const literal = (pattern: string): OracleQuery => ({ pattern, syntax: 'literal', ignoreCase: false });
const folded = (pattern: string): OracleQuery => ({ pattern, syntax: 'literal', ignoreCase: true });
const regex = (pattern: string, ignoreCase = false): OracleQuery => ({
  pattern,
  syntax: 'regex',
  ignoreCase,
});

/** Rare and common identifiers, phrases, alternations, classes, case, boundaries, Unicode, nothing to find. */
export const CHOSEN_QUERIES: readonly OracleQuery[] = [
  ...[
    'networkSettings',
    'NewContainerCollector',
    'CXXRecordDecl',
    'createRenderer',
    'lambdify',
    'salsa',
    'TestRunnerImpl',
    'ParseGNUAttributes',
  ],
  ...['error', 'return', 'function', 'import', 'context', 'Config', 'string', 'nil', 'self', 'const'],
  ...[
    'if err != nil {',
    'return nil, err',
    'for (const ',
    'def __init__(self',
    '// expected-error',
    'export default',
    '#include "clang/',
    'pub fn new(',
  ],
  ...['<>&"\'', '->', '::', '\\n', '()', '/*', '%s', ' ', 'a', 'zq', '\t\t\t\t\t\t\t\t\t'],
  ...['zzqqxxyy', 'ThisIdentifierDoesNotExist', 'größe', 'é', '—', '你好', '\u00a0'],
]
  .map(literal)
  .concat(
    ['networksettings', 'TODO', 'fixme', 'HTTPSERVER', 'kelvin', 'straße', 'CLASS', 'ÉCOLE', 'ssh_key'].map(
      folded,
    ),
    [
      'TODO|FIXME|XXX',
      'foo|bar|baz',
      '(Get|Set)(Name|Value)',
      'err(or)?s?:',
      'new(Client|Server)',
      'colou?r',
      '[A-Z][a-z]+Exception',
      '\\b[A-Z]{5,}_[A-Z]+\\b',
      'v\\d+\\.\\d+\\.\\d+',
      '[0-9a-f]{32}',
      '\\w+Handler\\(',
      '"[^"]*\\.json"',
      '^func \\w+\\(',
      '^\\s*#\\s*include',
      ';\\s*$',
      '^$',
      '^\\s+$',
      '\\S+@\\S+\\.com',
      '^.{200,}$',
      '\\bnil\\b',
      '\\Bing\\B',
      '\\berr\\b.*\\berr\\b',
      'if .* == .* &&',
      '(?i)todo\\(',
      '(?i:http)s?://[^\\s"]+',
      '[[:upper:]]{8,}',
      '\\p{Greek}',
      '\\p{Lu}{12}',
      '[^\\x00-\\x7f]',
      '\\w+é\\w*',
      'a.{3}z',
      '(a|b|c)*d{3}',
      '(ab|cd)+ef',
      'x*',
      'static (const )?(unsigned )?int',
      '[a-z]+[0-9]{4,}',
      'struct \\w+ \\{$',
      '\\$\\{[^}]+\\}',
      '\\\\[nrt]',
      '^\\t{4}return',
      '(?:[a-z]+_){4}[a-z]+',
      '0x[[:xdigit:]]+',
      '\\d{4}-\\d{2}-\\d{2}',
    ].map((pattern) => regex(pattern)),
    ['class \\w+', 'k[ei]nd', 'straße|größe', '^\\s*public', '[^\\W\\d_]+_id\\b'].map((pattern) =>
      regex(pattern, true),
    ),
  );

/** The mix that speed is measured with, twice 30: rare and common words, phrases, regexes, case, nothing. */
export const SPEED_QUERIES: readonly OracleQuery[] = [
  ...['NewContainerCollector', 'networkSettings', 'lambdify', 'CXXRecordDecl', 'createRenderer'],
  ...['ParseGNUAttributes', 'useTemplateRef', 'hir_def', 'TransactionSource', 'libcontainerd'],
  ...[
    'Config',
    'container',
    'Context',
    'Function',
    'expected-error',
    'export',
    'unsigned',
    'assert',
    'static',
    'module',
  ],
  ...[
    'return nil, err',
    'import React from',
    'def __init__(self',
    'for (const ',
    'pub(crate) fn',
    'if err != nil {',
  ],
  ...['#include "clang/AST', 'from sympy.core import', 'export default defineConfig', 'throw new Error('],
  ...[
    'zzqqxxyynope',
    'NoSuchIdentifierAnywhere',
    '@@@never@@@',
    'qwertyuiopasdf',
    '/* absent phrase */',
    'xq_zz_absent',
  ],
]
  .map(literal)
  .concat(
    [
      'networksettings',
      'createapp',
      'cxxrecorddecl',
      'todo:',
      'fixme',
      'lambdify',
      'httpserver',
      'deprecated!',
    ].map(folded),
    [
      'TODO|FIXME|HACK',
      'networkSettings|containerSettings',
      'createApp|createRenderer',
      'lambdify|nsolve',
      'visitDecl|VisitStmt',
      'Foo(Bar|Baz)',
      'New[A-Z][a-z]+Collector',
      'func \\(\\w+ \\*Daemon\\) \\w+\\(',
      '\\bnetwork_[a-z]+\\b',
      'Parse[A-Z]\\w+Attributes',
      'class \\w+Renderer',
      'err\\w* := \\w+\\.Close\\(',
      'def test_[a-z]+_lambdify',
      'fn hir_[a-z]+\\(',
      '0x[0-9a-f]{16}',
      'https?://\\w+\\.rust-lang',
    ].map((pattern) => regex(pattern)),
  );

const LITERAL_SHARE = 0.45;
const LENGTH_MAX = 28;
/** Shorter pieces match a large part of all lines, which tests little and takes long. */
const LENGTH_MIN = 4;

/** Random queries whose pieces occur in the files, so that most have matches. */
export function* generateQueries(
  files: readonly string[],
  count: number,
  seed: number,
): Generator<OracleQuery> {
  const random = randomNumbers(seed);
  for (let made = 0; made < count; ) {
    const text = sampleText(files, random);
    if (text === undefined) continue;
    made++;
    const ignoreCase = random() < 0.3;
    if (random() < LITERAL_SHARE)
      yield { pattern: ignoreCase ? flipCase(text, random) : text, syntax: 'literal', ignoreCase };
    else
      yield {
        pattern: toPattern(text, sampleText(files, random) ?? 'x', random),
        syntax: 'regex',
        ignoreCase,
      };
  }
}

function sampleText(files: readonly string[], random: () => number): string | undefined {
  const file = files[Math.floor(random() * files.length)] ?? '';
  const lines = readFileSync(file, 'utf8').split('\n');
  const line = lines[Math.floor(random() * lines.length)] ?? '';
  const start = Math.floor(random() * line.length);
  const text = line.slice(start, start + LENGTH_MIN + Math.floor(random() ** 2 * LENGTH_MAX));
  const usable = text.trim().length >= LENGTH_MIN && !/[\0\r\ufffd\ufeff]/.test(text) && text.isWellFormed();
  return usable ? text : undefined;
}

function toPattern(text: string, other: string, random: () => number): string {
  const parts = Array.from(text, (character) => mutate(character, random));
  let pattern = parts.join('');
  const shape = Math.floor(random() * 9);
  if (shape === 0) pattern = `${pattern}|${quote(other)}`;
  if (shape === 1) pattern = `^\\s*${pattern}`;
  if (shape === 2) pattern = `${pattern}.*$`;
  if (shape === 3) pattern = `\\b${pattern}`;
  if (shape === 4) pattern = `(?:${pattern}|${quote(other)})\\W`;
  if (shape === 5) pattern = `${pattern}.*${quote(other.slice(0, 3))}`;
  if (shape === 6) pattern = `(${pattern})+`;
  return pattern;
}

function mutate(character: string, random: () => number): string {
  const choice = random();
  if (choice > 0.25) return quote(character);
  if (choice < 0.04) return '.';
  if (choice < 0.07) return '.{0,2}';
  if (choice < 0.1) return `${quote(character)}?`;
  if (choice < 0.13) return `${quote(character)}+`;
  if (choice < 0.15) return `[^${/[a-z]/i.test(character) ? '0-9' : 'a-z'}]`;
  if (/\s/.test(character)) return choice < 0.2 ? '\\s+' : '\\s*';
  if (/\d/.test(character)) return choice < 0.2 ? '\\d' : '[0-9]+';
  if (/\w/.test(character)) return choice < 0.18 ? '\\w' : choice < 0.22 ? '[a-zA-Z_]' : `[${character}x-z]`;
  return quote(character);
}

function flipCase(text: string, random: () => number): string {
  return Array.from(text, (character) =>
    random() < 0.5 ? character.toUpperCase() : character.toLowerCase(),
  ).join('');
}

/** A pattern that matches just this text. */
function quote(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|#&~-]/g, '\\$&');
}

// mulberry32: small, and the same on every machine.
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
}

/** The same question in other words, so that nothing is known of it: its pattern within so many pairs of parentheses. */
export function rewritten({ pattern, syntax, ignoreCase }: OracleQuery, pairs: number): OracleQuery {
  const text = syntax === 'regex' ? pattern : quote(pattern);
  return { pattern: `${'(?:'.repeat(pairs)}${text}${')'.repeat(pairs)}`, syntax: 'regex', ignoreCase };
}

// Reads the text of one SQL statement: finds its `:name` parameters and what it must not contain.
// A tokenizer, not a parser: it must agree with the engine on where strings, comments and names end,
// and whatever it cannot be sure of is refused or left to the engine's own read-only guard.
import { DatabaseError, type DatabaseKind } from './database.ts';

export interface Statement {
  /**
   * With the engine's own placeholders: `?` once per use (SQLite), `$1` once per name (PostgreSQL).
   * SQLite's planner looks at the value of a bare `LIMIT ?` and so compiles the statement anew on every call,
   * which costs more than the look-up itself; `ifnull(?,NULL)` means the same and is left alone.
   */
  readonly text: string;
  /** The names to bind, in the order of the placeholders of `text`. */
  readonly bindings: readonly string[];
  /** Each name once, in order of first use. */
  readonly parameterNames: readonly string[];
  /** Bare words in lower case, in order. */
  readonly words: readonly string[];
  /** Names directly followed by `(`, in lower case; quoted ones as they are. */
  readonly calls: readonly string[];
  /** True when a name is written with escapes (U&"..."), so that `calls` cannot be relied upon. */
  readonly obscured: boolean;
}

/** Longest statement: ten times the longest one seen in use; keeps preparing cheap. */
const MAX_STATEMENT_LENGTH = 100_000;

const FIRST_WORDS: Readonly<Record<DatabaseKind, readonly string[]>> = {
  sqlite: ['select', 'with', 'values'],
  postgres: ['select', 'with', 'values', 'table'],
};

/**
 * Splits `source` into tokens and replaces its parameters.
 * Throws DatabaseError `refused` for anything but one read, `syntax` for what never ends,
 * `config` for placeholders of another style.
 */
export function readStatement(source: string, dialect: DatabaseKind): Statement {
  if (source.length > MAX_STATEMENT_LENGTH) {
    throw new DatabaseError('refused', `The statement is longer than ${MAX_STATEMENT_LENGTH} characters.`);
  }
  if (source.includes('\0')) throw new DatabaseError('refused', 'The statement contains a NUL character.');
  const tokens = tokenize(source, dialect);
  const statement = assemble(tokens, dialect);
  checkKind(statement, dialect);
  return statement;
}

interface Token {
  readonly kind:
    | 'space'
    | 'comment'
    | 'string'
    | 'name'
    | 'quoted'
    | 'escaped'
    | 'parameter'
    | 'foreign'
    | 'number'
    | 'symbol';
  readonly text: string;
}

const SPACE = /[\s\uFEFF]+/y;
const LINE_COMMENT = /--[^\n]*/y;
const NAME = /[\p{L}_][\p{L}\p{N}\p{M}_$]*/uy;
const PARAMETER = /:[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /(?:0[xX][0-9a-fA-F_]+|[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9]+)?)/y;
const DOLLAR_TAG = /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy;
const FOREIGN = /(?:\?[0-9]*|[@#$][A-Za-z0-9_]+)/y;

function tokenize(source: string, dialect: DatabaseKind): Token[] {
  const tokens: Token[] = [];
  let depthOfBrackets = 0;
  for (let at = 0; at < source.length; ) {
    const token = match(SPACE, 'space', source, at) ??
      match(LINE_COMMENT, 'comment', source, at) ??
      blockComment(source, at, dialect) ??
      quotedText(source, at, dialect) ??
      match(NAME, 'name', source, at) ??
      match(NUMBER, 'number', source, at) ??
      colon(source, at, depthOfBrackets > 0 ? tokens.at(-1) : undefined) ??
      foreign(source, at, dialect) ?? { kind: 'symbol', text: symbolAt(source, at) };
    if (token.text === '[') depthOfBrackets += 1;
    if (token.text === ']') depthOfBrackets -= 1;
    tokens.push(token);
    at += token.text.length;
  }
  return tokens;
}

function match(pattern: RegExp, kind: Token['kind'], source: string, at: number): Token | undefined {
  pattern.lastIndex = at;
  const found = pattern.exec(source);
  return found === null ? undefined : { kind, text: found[0] };
}

/** A whole code point, so that `at` never stops inside a pair. */
function symbolAt(source: string, at: number): string {
  return String.fromCodePoint(source.codePointAt(at) ?? 0);
}

/** PostgreSQL nests block comments (SQL:2016 §5.2), SQLite does not. */
function blockComment(source: string, start: number, dialect: DatabaseKind): Token | undefined {
  if (!source.startsWith('/*', start)) return undefined;
  let depth = 0;
  for (let at = start; at < source.length; ) {
    if (source.startsWith('/*', at) && (depth === 0 || dialect === 'postgres')) {
      depth += 1;
      at += 2;
    } else if (source.startsWith('*/', at)) {
      depth -= 1;
      at += 2;
      if (depth === 0) return { kind: 'comment', text: source.slice(start, at) };
    } else {
      at += 1;
    }
  }
  throw unterminated('comment', source, start);
}

function quotedText(source: string, at: number, dialect: DatabaseKind): Token | undefined {
  const sign = source[at];
  if (sign === "'") return quoted('string', source, at, at, false);
  if (sign === '"') return quoted('quoted', source, at, at, false);
  if (dialect === 'sqlite') {
    if (sign === '`') return quoted('quoted', source, at, at, false);
    if (sign === '[') return bracketName(source, at);
    return /[xX]/.test(sign ?? '') && source[at + 1] === "'"
      ? quoted('string', source, at, at + 1, false)
      : undefined;
  }
  if (sign === '$') return dollarString(source, at);
  if (/[eE]/.test(sign ?? '') && source[at + 1] === "'") return quoted('string', source, at, at + 1, true);
  if (/[bBxXnN]/.test(sign ?? '') && source[at + 1] === "'")
    return quoted('string', source, at, at + 1, false);
  if (/^[uU]&"/.test(source.slice(at, at + 3))) return quoted('escaped', source, at, at + 2, false);
  if (/^[uU]&'/.test(source.slice(at, at + 3))) return quoted('string', source, at, at + 2, false);
  return undefined;
}

/** From `start` to the closing sign of the one at `open`; a doubled sign stands for itself. */
function quoted(
  kind: Token['kind'],
  source: string,
  start: number,
  open: number,
  backslashes: boolean,
): Token {
  const sign = source[open];
  for (let at = open + 1; at < source.length; at += 1) {
    if (backslashes && source[at] === '\\') at += 1;
    else if (source[at] === sign) {
      if (source[at + 1] !== sign) return { kind, text: source.slice(start, at + 1) };
      at += 1;
    }
  }
  throw unterminated(kind === 'string' ? 'string' : 'quoted name', source, start);
}

function bracketName(source: string, start: number): Token {
  const end = source.indexOf(']', start);
  if (end === -1) throw unterminated('quoted name', source, start);
  return { kind: 'quoted', text: source.slice(start, end + 1) };
}

function dollarString(source: string, start: number): Token | undefined {
  const tag = match(DOLLAR_TAG, 'string', source, start)?.text;
  if (tag === undefined) return undefined;
  const end = source.indexOf(tag, start + tag.length);
  if (end === -1) throw unterminated('dollar-quoted string', source, start);
  return { kind: 'string', text: source.slice(start, end + tag.length) };
}

/**
 * `::` is a cast. Inside an array subscript a colon that follows a value is a slice (`a[1:n]`):
 * a parameter there is written with a space before it (`a[1: :n]`).
 */
function colon(source: string, at: number, previousInBrackets: Token | undefined): Token | undefined {
  if (source[at] !== ':') return undefined;
  if (source[at + 1] === ':') return { kind: 'symbol', text: '::' };
  const endsValue =
    previousInBrackets !== undefined &&
    (/^(?:name|number|quoted|string|parameter)$/.test(previousInBrackets.kind) ||
      /^[)\]]$/.test(previousInBrackets.text));
  return endsValue ? { kind: 'symbol', text: ':' } : match(PARAMETER, 'parameter', source, at);
}

/** In PostgreSQL `?`, `@` and `#` are operators; only `$1` is a placeholder there. */
function foreign(source: string, at: number, dialect: DatabaseKind): Token | undefined {
  if (dialect === 'postgres' && source[at] !== '$') return undefined;
  return match(FOREIGN, 'foreign', source, at);
}

function unterminated(what: string, source: string, at: number): DatabaseError {
  const line = source.slice(0, at).split('\n').length;
  return new DatabaseError('syntax', `The ${what} that starts in line ${line} of the statement never ends.`);
}

function assemble(tokens: readonly Token[], dialect: DatabaseKind): Statement {
  const parameterNames: string[] = [];
  const bindings: string[] = [];
  const words: string[] = [];
  const calls: string[] = [];
  let text = '';
  let ended = false;
  let called: string | undefined;
  for (const token of tokens) {
    if (token.kind === 'space' || token.kind === 'comment') {
      // A comment becomes a space: it separates tokens but carries nothing to the engine.
      if (!ended) text += token.kind === 'space' ? token.text : ' ';
      continue;
    }
    if (ended)
      throw new DatabaseError(
        'refused',
        'Only one statement is allowed; remove what follows the first semicolon.',
      );
    if (token.text === ';') {
      ended = true;
      continue;
    }
    if (token.text === '(' && called !== undefined) calls.push(called);
    if (token.kind === 'parameter') text += placeholder(token.text.slice(1), isRowCount(called));
    else text += checked(token);
    called = nameOf(token);
    if (token.kind === 'name') words.push(token.text.toLowerCase());
  }
  const obscured = tokens.some((token) => token.kind === 'escaped');
  return { text: text.trim(), bindings, parameterNames, words, calls, obscured };

  function placeholder(name: string, rowCount: boolean): string {
    if (!parameterNames.includes(name)) parameterNames.push(name);
    if (dialect === 'sqlite') {
      bindings.push(name);
      return rowCount ? 'ifnull(?,NULL)' : '?';
    }
    if (!bindings.includes(name)) bindings.push(name);
    return `$${bindings.indexOf(name) + 1}`;
  }
}

function isRowCount(previousName: string | undefined): boolean {
  return previousName === 'limit' || previousName === 'offset';
}

function nameOf(token: Token): string | undefined {
  if (token.kind === 'name') return token.text.toLowerCase();
  return token.kind === 'quoted' ? token.text.slice(1, -1) : undefined;
}

function checked(token: Token): string {
  if (token.kind === 'foreign') {
    throw new DatabaseError(
      'config',
      `The placeholder ${token.text} is not supported; write parameters as :name.`,
    );
  }
  return token.text;
}

function checkKind(statement: Statement, dialect: DatabaseKind): void {
  const first = /^\(*\s*([A-Za-z]+)/.exec(statement.text)?.[1]?.toLowerCase();
  const allowed = FIRST_WORDS[dialect];
  if (first === undefined || !allowed.includes(first)) {
    const found = first === undefined ? 'nothing of the kind' : first.toUpperCase();
    throw new DatabaseError(
      'refused',
      `The statement must start with ${allowed.map((word) => word.toUpperCase()).join(', ')}; found ${found}. Only reads are allowed.`,
    );
  }
}

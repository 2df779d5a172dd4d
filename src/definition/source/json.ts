// JSON (RFC 8259), and JSON with comments and trailing commas, into a tree of located nodes.
import { appendPointer, type Node } from './node.ts';
import { duplicateKey, type Parsed, type SyntaxProblem } from './syntax-problem.ts';

/** Deeper than any schema may be, and far from the end of the stack. */
const DEPTH_MAX = 200;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const LITERALS = { true: true, false: false, null: null } as const;

/** The first syntax error ends the parse; repeated keys are reported all. */
export function parseJson(text: string, options: { readonly comments: boolean }): Parsed {
  const reader: Reader = { text, at: 0, comments: options.comments, duplicates: [] };
  try {
    const root = readValue(reader, { pointer: '', depth: 0 });
    skipSpace(reader);
    if (reader.at < text.length) fail(reader, 'Text follows the end of the document.', 'Remove it.');
    return { root, problems: reader.duplicates };
  } catch (error) {
    if (!(error instanceof JsonFailure)) throw error;
    return { root: undefined, problems: [...reader.duplicates, error.problem] };
  }
}

interface Reader {
  readonly text: string;
  at: number;
  readonly comments: boolean;
  readonly duplicates: SyntaxProblem[];
}
interface Place {
  readonly pointer: string;
  readonly depth: number;
  readonly keyAt?: number;
}

class JsonFailure extends Error {
  readonly problem: SyntaxProblem;
  constructor(problem: SyntaxProblem) {
    super(problem.message);
    this.problem = problem;
  }
}

function fail(reader: Reader, message: string, fix: string, at = reader.at): never {
  throw new JsonFailure({ at, rule: 'syntax', message, fix });
}

function readValue(reader: Reader, place: Place): Node {
  skipSpace(reader);
  if (place.depth > DEPTH_MAX) {
    throw new JsonFailure({
      at: reader.at,
      rule: 'size',
      message: `The document is nested deeper than ${DEPTH_MAX}.`,
      fix: 'Flatten it.',
    });
  }
  const placed = {
    at: reader.at,
    pointer: place.pointer,
    ...(place.keyAt === undefined ? {} : { keyAt: place.keyAt }),
  };
  const first = reader.text[reader.at];
  if (first === '{') return { ...placed, kind: 'object', members: readMembers(reader, place) };
  if (first === '[') return { ...placed, kind: 'array', items: readItems(reader, place) };
  if (first === '"') return { ...placed, kind: 'scalar', value: readString(reader) };
  return { ...placed, kind: 'scalar', value: readPlain(reader) };
}

function readMembers(reader: Reader, place: Place): Map<string, Node> {
  const members = new Map<string, Node>();
  readList(reader, '}', () => {
    const keyAt = reader.at;
    if (reader.text[keyAt] !== '"') fail(reader, 'A key in double quotes is expected.', 'Quote the key.');
    const key = readString(reader);
    expect(reader, ':');
    const value = readValue(reader, {
      pointer: appendPointer(place.pointer, key),
      depth: place.depth + 1,
      keyAt,
    });
    if (members.has(key)) {
      reader.duplicates.push(duplicateKey(keyAt, value.pointer));
    }
    members.set(key, value);
  });
  return members;
}

function readItems(reader: Reader, place: Place): Node[] {
  const items: Node[] = [];
  readList(reader, ']', () => {
    items.push(
      readValue(reader, { pointer: appendPointer(place.pointer, items.length), depth: place.depth + 1 }),
    );
  });
  return items;
}

function readList(reader: Reader, end: string, readItem: () => void): void {
  reader.at += 1;
  skipSpace(reader);
  while (reader.text[reader.at] !== end) {
    readItem();
    skipSpace(reader);
    if (reader.text[reader.at] === end) break;
    const comma = reader.at;
    expect(reader, ',');
    skipSpace(reader);
    if (reader.text[reader.at] === end && !reader.comments) {
      fail(reader, 'A comma stands before the end of a list.', 'Remove it, or name the file .jsonc.', comma);
    }
  }
  reader.at += 1;
}

function expect(reader: Reader, character: string): void {
  skipSpace(reader);
  if (reader.text[reader.at] !== character) {
    const found = reader.text[reader.at];
    fail(
      reader,
      `'${character}' is expected, not ${found === undefined ? 'the end of the file' : `'${found}'`}.`,
      'Correct the JSON here.',
    );
  }
  reader.at += 1;
}

function readString(reader: Reader): string {
  const start = reader.at;
  for (let at = start + 1; at < reader.text.length; at += 1) {
    const character = reader.text[at];
    if (character === '\\') at += 1;
    else if (character === '\n') break;
    else if (character === '"') {
      reader.at = at + 1;
      return parseText(reader, start, at + 1);
    }
  }
  return fail(reader, 'The text has no closing quote.', 'Close it; write line ends as \\n.', start);
}

function parseText(reader: Reader, start: number, end: number): string {
  try {
    return String(JSON.parse(reader.text.slice(start, end)));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return fail(
      reader,
      `The text is malformed: ${reason.replace(/ in JSON.*$/, '')}.`,
      'Correct the escape.',
      start,
    );
  }
}

function readPlain(reader: Reader): string | number | boolean | null {
  for (const [word, value] of Object.entries(LITERALS)) {
    if (reader.text.startsWith(word, reader.at) && !/\w/.test(reader.text[reader.at + word.length] ?? '')) {
      reader.at += word.length;
      return value;
    }
  }
  NUMBER.lastIndex = reader.at;
  const match = NUMBER.exec(reader.text);
  if (match === null || /\w/.test(reader.text[NUMBER.lastIndex] ?? '')) {
    return fail(
      reader,
      'A JSON value is expected.',
      'Write an object, a list, a text in quotes, a number, true, false or null.',
    );
  }
  const value = Number(match[0]);
  if (!Number.isFinite(value)) fail(reader, 'The number is too large.', 'Write a smaller one.');
  reader.at = NUMBER.lastIndex;
  return value;
}

function skipSpace(reader: Reader): void {
  for (;;) {
    const character = reader.text[reader.at];
    if (character === ' ' || character === '\n' || character === '\r' || character === '\t') reader.at += 1;
    else if (character === '/') skipComment(reader);
    else return;
  }
}

function skipComment(reader: Reader): void {
  const start = reader.at;
  if (!reader.comments) fail(reader, 'JSON has no comments.', 'Remove it, or name the file .jsonc.');
  const next = reader.text[start + 1];
  if (next === '/') {
    const end = reader.text.indexOf('\n', start);
    reader.at = end === -1 ? reader.text.length : end;
    return;
  }
  const end = next === '*' ? reader.text.indexOf('*/', start + 2) : -1;
  if (end === -1) fail(reader, 'The comment has no end.', 'Close it with */.', start);
  reader.at = end + 2;
}

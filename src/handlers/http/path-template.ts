// The path of a URL with arguments in it, so written that no argument can climb out of its place.
import type { JsonObject } from '../../tool.ts';
import { ArgumentRefusal } from './argument-refusal.ts';
import { encodeComponent } from './encoding.ts';
import { lookUp, type Placeholder, type Template } from './template.ts';
import { assertForms, formText } from './value-forms.ts';

/** Writes the path for one call. Throws ArgumentRefusal for missing, empty and climbing values. */
export type PathRenderer = (args: JsonObject) => string;

/** Compiles a path that starts with `/`. Literal text stays as the author wrote it. */
export function compilePath(template: Template): PathRenderer {
  assertForms(template, 'url', ['path', 'csv']);
  const segments = splitSegments(template);
  return (args) => {
    let path = '';
    for (const segment of segments)
      path += typeof segment === 'string' ? segment : renderSegment(segment, args);
    return path;
  };
}

/** Literal text that ends in a slash, or all that stands between two literal slashes and has a placeholder. */
type Segment = string | Template;

function splitSegments(template: Template): readonly Segment[] {
  const segments: Segment[] = [];
  let current: (string | Placeholder)[] = [];
  function finish(): void {
    const isLiteral = current.every((part) => typeof part === 'string');
    if (current.length > 0) segments.push(isLiteral ? current.join('') : current);
    current = [];
  }
  for (const part of template) {
    if (typeof part !== 'string') {
      current.push(part);
      continue;
    }
    const first = part.indexOf('/');
    const last = part.lastIndexOf('/');
    if (first === -1) {
      current.push(part);
      continue;
    }
    if (first > 0) current.push(part.slice(0, first));
    finish();
    segments.push(part.slice(first, last + 1));
    if (last + 1 < part.length) current.push(part.slice(last + 1));
  }
  finish();
  return segments;
}

function renderSegment(segment: Template, args: JsonObject): string {
  let raw = '';
  let encoded = '';
  let field = '';
  for (const part of segment) {
    if (typeof part === 'string') {
      raw += part;
      encoded += part;
      continue;
    }
    field = part.field;
    const value = pathValue(part, lookUp(args, part));
    raw += formText(part, value, asIs);
    encoded += formText(part, value, part.form === 'path' ? encodeSegments : encodeComponent);
  }
  if (climbs(raw)) throw climbingValue(field, raw);
  return encoded;
}

function pathValue(placeholder: Placeholder, value: unknown): unknown {
  const { field } = placeholder;
  if (value === undefined || value === null || value === '' || isEmptyList(value)) {
    throw new ArgumentRefusal(field, {
      problem:
        value === undefined || value === null
          ? 'the value is missing but part of a path'
          : 'the value is empty but part of a path',
      expected: 'a value that is not empty',
      fix: `Give ${field}.`,
      received: value,
    });
  }
  if (typeof value === 'object' && placeholder.form !== 'csv') {
    throw new ArgumentRefusal(field, {
      problem: 'an object or array cannot be part of a path',
      expected: 'a string, number or boolean',
      fix: `Give ${field} as a single value.`,
      received: value,
    });
  }
  return value;
}

/** Nothing would stand in its place. */
function isEmptyList(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function asIs(text: string): string {
  return text;
}

function encodeSegments(text: string, field: string): string {
  return text
    .split('/')
    .map((segment) => encodeComponent(segment, field))
    .join('/');
}

/** Rounds of percent-decoding; servers that decode more often than this have not been seen. */
const DECODING_ROUNDS = 4;
const PERCENT = /%([0-9a-fA-F]{2})/g;

/**
 * Whether a server that decodes the segment, even several times, could read `.`, `..` or a backslash.
 * Path parameters (`..;x`) and compatibility forms of the dots (NFKC) count as dots, as some servers see them so.
 */
function climbs(raw: string): boolean {
  let text = raw;
  for (let round = 0; round <= DECODING_ROUNDS; round++) {
    const plain = text.normalize('NFKC');
    if (plain.includes('\\') || plain.includes('\0')) return true;
    if (plain.split('/').some(isDots)) return true;
    const decoded = text.replace(PERCENT, fromPercent);
    if (decoded === text) return false;
    text = decoded;
  }
  // Still encoded after all rounds: nobody sends that for a reason.
  return true;
}

function isDots(segment: string): boolean {
  const end = segment.indexOf(';');
  const name = end === -1 ? segment : segment.slice(0, end);
  return name === '.' || name === '..';
}

function fromPercent(_match: string, hex: string): string {
  return String.fromCharCode(Number.parseInt(hex, 16));
}

function climbingValue(field: string, raw: string): ArgumentRefusal {
  return new ArgumentRefusal(field, {
    problem: 'the value would lead to another path',
    expected: 'text without the segments "." and "..", backslash and NUL, also when percent-encoded',
    fix: `Give ${field} without path navigation.`,
    received: raw,
  });
}

// Strings and numbers that fit a plain schema, plainest first, as many as are asked for.
import type { JsonObject } from '../../../tool.ts';
import { FORMAT_EXAMPLES, formatChecks, isCheckedFormat } from '../formats.ts';
import { compilePattern, type Matcher } from '../pattern/linear-pattern.ts';
import { patternExample } from '../pattern/pattern-example.ts';
import { ALL_PATTERNS } from './merge-schemas.ts';

/** Variants tried of each kind of text or number. */
const VARIANTS_MAX = 64;
/** A longer text is no example; a schema that demands one gets none. */
const LENGTH_MAX = 10_000;

/** Texts that fit lengths, patterns and format. */
export function* stringExamples(schema: JsonObject): Generator<string> {
  const fits = stringCheck(schema);
  for (let variant = 0; variant < VARIANTS_MAX; variant++) {
    for (const text of textsOf(schema, variant)) if (fits(text)) yield text;
  }
}

function stringCheck(schema: JsonObject): (text: string) => boolean {
  const matchers = patternsOf(schema).map((pattern): Matcher => compilePattern(pattern));
  const { format } = schema;
  const min = Number(schema.minLength ?? 0);
  const max = Number(schema.maxLength ?? Number.POSITIVE_INFINITY);
  return (text) => {
    const length = [...text].length;
    if (length < min || length > max) return false;
    if (isCheckedFormat(format) && !formatChecks[format](text)) return false;
    return matchers.every((matcher) => matcher.test(text));
  };
}

function patternsOf(schema: JsonObject): string[] {
  const patterns = schema[ALL_PATTERNS] ?? (schema.pattern === undefined ? [] : [schema.pattern]);
  return Array.isArray(patterns) ? patterns.map(String) : [];
}

function textsOf(schema: JsonObject, variant: number): string[] {
  const min = Number(schema.minLength ?? 0);
  if (min > LENGTH_MAX) return [];
  const texts: string[] = [];
  if (isCheckedFormat(schema.format)) texts.push(...formatTexts(schema.format, variant, min));
  for (const pattern of patternsOf(schema)) texts.push(...patternTexts(pattern, variant, min));
  texts.push(plainText(variant, min, Number(schema.maxLength ?? LENGTH_MAX)));
  return texts;
}

function patternTexts(pattern: string, turn: number, min: number): string[] {
  const short = patternExample(pattern, { extra: 0, turn });
  if (short === undefined) return [];
  const missing = min - [...short].length;
  if (missing <= 0) {
    // A second length serves the variants of patterns with a single choice of character.
    const longer = patternExample(pattern, { extra: turn, turn: 0 });
    return longer === undefined ? [short] : [short, longer];
  }
  const long = patternExample(pattern, { extra: missing, turn }) ?? short;
  const padding = 'x'.repeat(missing);
  return [long, short + padding, padding + short];
}

/** The usual example of the format and others like it; lengthened where the format has room. */
function formatTexts(format: keyof typeof FORMAT_EXAMPLES, variant: number, min: number): string[] {
  const example = FORMAT_EXAMPLES[format];
  const missing = 'x'.repeat(Math.max(0, min - example.length));
  const two = String(10 + (variant % 18));
  const number = variant === 0 ? '' : String(variant + 1);
  switch (format) {
    case 'email':
      return [`user${number}${missing}@example.com`];
    case 'uri':
    case 'url':
      return [`${example}${number}${missing}`];
    case 'hostname':
      return [`host${number}.${min > 16 ? 'sub.'.repeat(Math.ceil((min - 16) / 4)) : ''}example.com`];
    case 'uuid':
      return [`123e4567-e89b-42d3-a456-4266141740${two}`, example];
    case 'date':
      return variant === 0 ? [example] : [`2026-01-${two}`];
    case 'date-time':
      return variant === 0
        ? [example]
        : [`2026-01-${two}T12:00:00Z`, `2026-01-${two}T12:00:00.${'0'.repeat(missing.length)}Z`];
    case 'time':
      return variant === 0 ? [example] : [`12:${two}:00Z`];
    case 'ipv4':
      return [`192.0.2.${variant + 1}`];
    case 'ipv6':
      return [`2001:db8::${variant + 1}`];
  }
}

function plainText(variant: number, min: number, max: number): string {
  const text = variant === 0 ? 'example' : `example-${variant + 1}`;
  if (text.length <= max) return text.padEnd(min, 'x');
  // Too short for words: letters counted up from "a".
  const letter = String.fromCharCode(97 + (variant % 26));
  const second = variant < 26 ? '' : String.fromCharCode(97 + Math.floor(variant / 26));
  return (second + letter).slice(0, max).padStart(Math.max(min, Math.min(max, 1)), 'a');
}

/** Numbers that fit bounds and step. */
export function* numberExamples(schema: JsonObject, integer: boolean): Generator<number> {
  const range = rangeOf(schema);
  const step = typeof schema.multipleOf === 'number' ? schema.multipleOf : integer ? 1 : undefined;
  const seen = new Set<number>();
  for (const value of numbersOf(range, step)) {
    if (seen.has(value) || !isInRange(value, range) || (integer && !Number.isInteger(value))) continue;
    if (step !== undefined && !isMultiple(value, step)) continue;
    seen.add(value);
    yield value;
  }
}

interface NumberRange {
  readonly low: number;
  readonly high: number;
  readonly lowExcluded: boolean;
  readonly highExcluded: boolean;
}

function rangeOf(schema: JsonObject): NumberRange {
  const minimum = Number(schema.minimum ?? Number.NEGATIVE_INFINITY);
  const above = Number(schema.exclusiveMinimum ?? Number.NEGATIVE_INFINITY);
  const maximum = Number(schema.maximum ?? Number.POSITIVE_INFINITY);
  const below = Number(schema.exclusiveMaximum ?? Number.POSITIVE_INFINITY);
  return {
    low: Math.max(minimum, above),
    high: Math.min(maximum, below),
    lowExcluded: above >= minimum,
    highExcluded: below <= maximum,
  };
}

function isInRange(value: number, range: NumberRange): boolean {
  const aboveLow = value > range.low || (!range.lowExcluded && value === range.low);
  return aboveLow && (value < range.high || (!range.highExcluded && value === range.high));
}

function isMultiple(value: number, step: number): boolean {
  const quotient = value / step;
  return Math.abs(Math.round(quotient) - quotient) <= 1e-10;
}

function* numbersOf({ low, high }: NumberRange, step: number | undefined): Generator<number> {
  yield* [1, 10];
  const bounded = Number.isFinite(low) && Number.isFinite(high);
  if (step !== undefined) {
    const start = Number.isFinite(low)
      ? Math.ceil(low / step)
      : Number.isFinite(high)
        ? Math.floor(high / step)
        : 1;
    const direction = !Number.isFinite(low) && Number.isFinite(high) ? -1 : 1;
    // Two digits less than a double has: 3 * 0.1 is 0.3.
    for (let turn = -1; turn < VARIANTS_MAX * 16; turn++)
      yield Number(((start + direction * turn) * step).toPrecision(15));
    return;
  }
  if (Number.isFinite(low)) yield low;
  if (Number.isFinite(high)) yield high;
  for (let turn = 1; turn < VARIANTS_MAX; turn++) {
    if (bounded) yield low + ((high - low) * turn) / VARIANTS_MAX;
    else if (Number.isFinite(low)) yield low + turn / 2;
    else yield Number.isFinite(high) ? high - turn / 2 : turn;
  }
}

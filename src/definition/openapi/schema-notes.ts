// What a schema says to its reader: description, format, default and examples.
import { CHECKED_FORMATS } from '../rules/json-schema.ts';
import { type JsonRecord, textOf } from './json-value.ts';

/** Characters of a description or title within a schema. */
export const NOTE_MAX = 300;
/** Characters of an example or default as JSON. */
const VALUE_MAX = 300;

/**
 * Description, format and default in words. A default is not carried over as one: it would be sent, and with a PATCH
 * overwrite what the caller did not mean to touch.
 */
export function readNotes(given: JsonRecord, changed: (message: string) => void): JsonRecord {
  const format = textOf(given, 'format');
  const isChecked = CHECKED_FORMATS.some((known) => known === format);
  const isShort = given.default !== undefined && JSON.stringify(given.default).length <= VALUE_MAX;
  const text = textOf(given, 'description') ?? '';
  if (text.length > NOTE_MAX) changed(`descriptions in schemas are cut at ${NOTE_MAX} characters`);
  if (given.default !== undefined && !isShort)
    changed(`a default longer than ${VALUE_MAX} characters is left out`);
  const parts = [
    asSentence(cut(text, NOTE_MAX)),
    format === undefined || isChecked ? '' : `Format: ${cut(format, VALUE_MAX)}.`,
    isShort ? `Default: ${JSON.stringify(given.default)}.` : '',
  ].filter((part) => part !== '');
  const examples = [given.example, ...(Array.isArray(given.examples) ? given.examples : [])].filter(
    (example) => example !== undefined && JSON.stringify(example).length <= VALUE_MAX,
  );
  return {
    ...(parts.length === 0 ? {} : { description: parts.join(' ') }),
    ...(isChecked ? { format } : {}),
    ...(examples.length === 0 ? {} : { examples: examples.slice(0, 3) }),
  };
}

/** With a full stop, so that another sentence can follow. */
function asSentence(text: string): string {
  const trimmed = text.trim();
  return trimmed === '' || /[.!?…:)\]]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}

/** Cut at a character, not within one. */
export function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

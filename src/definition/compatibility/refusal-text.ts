// How a difference of two schemas reads.
import type { Refusal } from './schema-refusals.ts';

/** One line, such as `limit maximum: 100 -> 50`, with the path of the property that it is about. */
export function describeRefusal({ pointer, keyword, from, to }: Refusal): string {
  return `${subjectOf(pointer)}${keyword}: ${shownValue(from)} -> ${shownValue(to)}`;
}

/** `limit ` for a pointer to the property `limit`; nothing at the root. */
function subjectOf(pointer: string): string {
  const path = pointer
    .split('/properties/')
    .slice(1)
    .map((step) => step.replaceAll('/items', '[]').replaceAll('~1', '/').replaceAll('~0', '~'));
  return path.length === 0 ? '' : `${path.join('.')} `;
}

/** Longer values say no more in one line. */
const SHOWN_LENGTH_MAX = 60;

/** `value` as JSON of at most 60 characters; `absent` for undefined. */
export function shownValue(value: unknown): string {
  if (value === undefined) return 'absent';
  const text = JSON.stringify(value);
  return text.length <= SHOWN_LENGTH_MAX ? text : `${text.slice(0, SHOWN_LENGTH_MAX - 3)}...`;
}

// The bytes of a file that an argument gives as base64 (RFC 4648 §4).
import { ArgumentRefusal } from './argument-refusal.ts';
import type { Placeholder } from './template.ts';

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Throws ArgumentRefusal for anything else: what was almost base64 would arrive as another file. */
export function fileBytes(value: unknown, { field }: Pick<Placeholder, 'field'>): Buffer {
  if (typeof value === 'string' && BASE64.test(value)) return Buffer.from(value, 'base64');
  const isDataUrl = typeof value === 'string' && value.startsWith('data:');
  throw new ArgumentRefusal(field, {
    problem: isDataUrl ? 'the value is a data URL' : 'the value is not base64',
    expected: 'the bytes of a file as base64, padded, without line breaks',
    fix: isDataUrl ? `Give ${field} without what stands before the comma.` : `Encode ${field} as base64.`,
    received: value,
  });
}

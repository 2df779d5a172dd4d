// Whether the answer to an example of a tool is the one that its author expects (spec servers §2.2).
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../tool.ts';

/** What was compared, when it differs. */
export interface ExampleFailure {
  readonly expected: unknown;
  readonly received: unknown;
}

/**
 * Undefined when `result` is as expected. An expectation with `content`, `structuredContent` or `isError` is compared
 * with these members of the result, and may expect an error; any other is compared with what the tool answered: its
 * structured content, else its text, read as JSON where it is some. Without an expectation no error is enough.
 */
export function judgeExample(expected: unknown, result: JsonObject): ExampleFailure | undefined {
  if (isResultForm(expected)) {
    const received = Object.fromEntries(Object.keys(expected).map((key) => [key, memberOf(result, key)]));
    return isDeepStrictEqual(received, { ...expected }) ? undefined : { expected, received };
  }
  if (result.isError === true) return { expected: expected ?? 'no error', received: textOf(result) };
  if (expected === undefined) return undefined;
  const candidates = [result.structuredContent, textOf(result), parsed(textOf(result))];
  if (candidates.some((candidate) => isDeepStrictEqual(candidate, expected))) return undefined;
  return { expected, received: result.structuredContent ?? parsed(textOf(result)) ?? textOf(result) };
}

const RESULT_MEMBERS = ['content', 'structuredContent', 'isError'] as const;

function isResultForm(expected: unknown): expected is JsonObject {
  if (typeof expected !== 'object' || expected === null || Array.isArray(expected)) return false;
  const keys = Object.keys(expected);
  return keys.length > 0 && keys.every((key) => RESULT_MEMBERS.some((member) => member === key));
}

/** A result without `isError` is none. */
function memberOf(result: JsonObject, key: string): unknown {
  return key === 'isError' ? result.isError === true : result[key];
}

function textOf({ content }: JsonObject): string {
  if (!Array.isArray(content)) return '';
  const texts = content.map((item: unknown) =>
    typeof item === 'object' && item !== null && 'text' in item ? String(item.text) : '',
  );
  return texts.join('\n');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A text that is no JSON is compared as it is.
    return undefined;
  }
}

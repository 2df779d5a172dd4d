// Reads chat completions and their chunks: JSON from a stranger, of which only the known members are looked at.

import type { Usage } from './model.ts';
import { ModelError } from './model-error.ts';

/** What one chunk of a stream, or a whole completion, brings. */
export interface CompletionPart {
  readonly text: string;
  readonly finishReason?: string;
  readonly usage?: Usage;
}

/** Throws ModelError `unreadable` for what is no completion, `filtered` for a refusal, `unavailable` for an error. */
export function parseCompletionPart(text: string): CompletionPart {
  const value = parseJson(text);
  const failure = member(value, 'error');
  if (failure !== undefined && failure !== null) {
    throw new ModelError('unavailable', 'The model endpoint reported an error in its answer.');
  }
  const choices = member(value, 'choices');
  if (!Array.isArray(choices)) throw new ModelError('unreadable', 'The answer is no chat completion.');
  const [choice]: readonly unknown[] = choices;
  const message = member(choice, 'delta') ?? member(choice, 'message');
  const finishReason = member(choice, 'finish_reason');
  if (finishReason === 'content_filter' || isText(member(message, 'refusal'))) {
    throw new ModelError('filtered', 'The model refused to answer.');
  }
  const usage = parseUsage(member(value, 'usage'));
  return {
    text: textOf(member(message, 'content')),
    ...(isText(finishReason) ? { finishReason } : {}),
    ...(usage === undefined ? {} : { usage }),
  };
}

/** What an error body says, in its usual forms: `{error: {message, param}}`, `{error: text}`, `{message}`, `{detail}`. */
export function parseErrorText(body: string): string {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    // An error page of a proxy; its text is as good as any.
    return body;
  }
  const error = member(value, 'error');
  const named = [
    member(error, 'message'),
    member(error, 'param'),
    error,
    member(value, 'message'),
    member(value, 'detail'),
  ];
  const texts = named.filter(isText);
  return texts.length === 0 ? body : texts.join(' ');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ModelError('unreadable', 'The answer of the model endpoint is not JSON.', { cause: error });
  }
}

/** Text as it is, or the texts of a list of parts. */
function textOf(content: unknown): string {
  if (isText(content)) return content;
  if (!Array.isArray(content)) return '';
  return content
    .map((part) => member(part, 'text'))
    .filter(isText)
    .join('');
}

function parseUsage(value: unknown): Usage | undefined {
  const inputTokens = count(member(value, 'prompt_tokens'));
  const outputTokens = count(member(value, 'completion_tokens'));
  if (inputTokens === undefined || outputTokens === undefined) return undefined;
  const cached = count(member(member(value, 'prompt_tokens_details'), 'cached_tokens')) ?? 0;
  return { inputTokens, outputTokens, cachedInputTokens: Math.min(cached, inputTokens) };
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** What a JSON value of unknown shape holds under a key; undefined where it is no object with one. */
export function member(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[key];
}

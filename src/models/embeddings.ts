// Reads the answer of an embeddings endpoint: JSON from a stranger, of which every number is looked at.
import { member } from './completion.ts';
import type { Usage } from './model.ts';
import { ModelError } from './model-error.ts';

/** More components than any model has; a longer vector is a mistake that memory would pay for. */
const DIMENSION_MAX = 16_384;

/**
 * The vectors in the order of the texts, each of length 1.
 * @throws ModelError `unreadable` for anything but `count` vectors of one dimension.
 */
export function parseEmbeddings(
  text: string,
  expected: { readonly count: number; readonly dimension: number | undefined },
): { readonly vectors: readonly Float32Array[]; readonly usage: Usage | undefined } {
  const answer = parseJson(text);
  const data = member(answer, 'data');
  if (!Array.isArray(data) || data.length !== expected.count)
    throw unreadable(
      `The answer holds ${Array.isArray(data) ? data.length : 'no'} embeddings, not ${expected.count}.`,
    );
  const vectors = new Array<Float32Array | undefined>(expected.count).fill(undefined);
  let { dimension } = expected;
  for (const [at, item] of data.entries()) {
    // `index` is optional in practice, and says the order where it is given.
    const index = member(item, 'index') ?? at;
    const vector = parseVector(member(item, 'embedding'));
    dimension ??= vector.length;
    if (vector.length !== dimension)
      throw unreadable(`A vector has ${vector.length} components, not ${dimension}.`);
    if (typeof index !== 'number' || !(index in vectors) || vectors[index] !== undefined)
      throw unreadable('The numbers of the embeddings are not those of the texts.');
    vectors[index] = vector;
  }
  return {
    vectors: vectors.filter((vector) => vector !== undefined),
    usage: parseUsage(member(answer, 'usage')),
  };
}

function parseVector(value: unknown): Float32Array {
  if (!Array.isArray(value) || value.length === 0 || value.length > DIMENSION_MAX)
    throw unreadable('An embedding is no list of numbers.');
  const vector = new Float32Array(value.length);
  let sum = 0;
  for (const [at, component] of value.entries()) {
    if (typeof component !== 'number' || !Number.isFinite(component))
      throw unreadable('An embedding is no list of numbers.');
    vector[at] = component;
    sum += component * component;
  }
  // A vector of nothing has no direction: every text would be as near to it as every other.
  if (!(sum > 0) || !Number.isFinite(sum)) throw unreadable('An embedding has no direction.');
  const length = Math.sqrt(sum);
  for (let at = 0; at < vector.length; at++) vector[at] = (vector[at] ?? 0) / length;
  return vector;
}

function parseUsage(value: unknown): Usage | undefined {
  const tokens = member(value, 'prompt_tokens');
  return typeof tokens === 'number' && Number.isSafeInteger(tokens) && tokens >= 0
    ? { inputTokens: tokens, cachedInputTokens: 0, outputTokens: 0 }
    : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ModelError('unreadable', 'The answer of the embedding endpoint is not JSON.', { cause: error });
  }
}

function unreadable(message: string): ModelError {
  return new ModelError('unreadable', message);
}

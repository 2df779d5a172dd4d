// The errors the text index reports to its caller. The pack maps them to the product's error table.

/**
 * What went wrong.
 * - `invalid_pattern`: the pattern is not well formed.
 * - `unsupported_pattern`: well formed elsewhere, but not searchable in linear time; the message names the construct.
 * - `pattern_too_large`: the pattern compiles to more states than the engine allows.
 * - `index_missing`: nothing has been built yet.
 * - `index_locked`: another live process writes this index.
 * - `index_corrupt`: a checksum or a length on disk is wrong; rebuild.
 * - `index_closed`: the handle was closed.
 * - `unknown_file`: the path is not in the index.
 * - `aborted`: the caller's signal fired.
 * - `worker_failed`: the engine's thread ended unexpectedly.
 */
export const TEXT_INDEX_ERROR_CODES = [
  'invalid_pattern',
  'unsupported_pattern',
  'pattern_too_large',
  'index_missing',
  'index_locked',
  'index_corrupt',
  'index_closed',
  'unknown_file',
  'aborted',
  'worker_failed',
] as const;

/** One of {@link TEXT_INDEX_ERROR_CODES}. */
export type TextIndexErrorCode = (typeof TEXT_INDEX_ERROR_CODES)[number];

/** An operating error of the text index; `message` says what to do about it. */
export class TextIndexError extends Error {
  readonly code: TextIndexErrorCode;
  /** Offset in the pattern, in UTF-16 units, where the parser stopped; only for pattern errors. */
  readonly position: number | undefined;

  constructor(
    code: TextIndexErrorCode,
    message: string,
    details: { position?: number; cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'TextIndexError';
    this.code = code;
    this.position = details.position;
  }
}

/** Whether `value` is one of the codes, for errors that crossed a thread boundary as plain data. */
export function isTextIndexErrorCode(value: unknown): value is TextIndexErrorCode {
  return TEXT_INDEX_ERROR_CODES.some((code) => code === value);
}

/** Whether files of the index are damaged: they are set aside then, and built anew. */
export function isCorruption(error: unknown): boolean {
  return error instanceof TextIndexError && error.code === 'index_corrupt';
}

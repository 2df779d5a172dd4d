// `<data>/secrets.json`: what the process made for itself because nobody gave it. Mode 0600, one writer at a time.
import { existsSync, mkdirSync, readFileSync, renameSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StateError } from './state-error.ts';

/** The fields of the file; whoever reads one checks its form. */
export type SecretsDocument = Readonly<Record<string, unknown>>;

const FILE_NAME = 'secrets.json';
const PRIVATE_MODE = 0o600;
/** A writer needs a millisecond; a lock that is older than this was left behind by a process that died. */
const LOCK_STALE_MS = 5000;
const LOCK_RETRY_MS = 10;

/** Empty when the file is not there. Throws StateError when it is not what this program wrote. */
export function readSecretsFile(dataDirectory: string): SecretsDocument {
  const path = join(dataDirectory, FILE_NAME);
  if (!existsSync(path)) return {};
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw damagedSecrets(dataDirectory, cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw damagedSecrets(dataDirectory);
  return { ...value };
}

/**
 * Replaces the document by what `change` makes of it, and answers it. What another process has just written, and
 * uses, is never lost. Throws StateError also when the folder cannot be written.
 */
export function changeSecretsFile(
  dataDirectory: string,
  change: (document: SecretsDocument) => SecretsDocument,
): SecretsDocument {
  const path = join(dataDirectory, FILE_NAME);
  try {
    mkdirSync(dataDirectory, { recursive: true });
    return withLock(`${path}.lock`, () => {
      const document = change(readSecretsFile(dataDirectory));
      const temporary = `${path}.${process.pid}.tmp`;
      writeFileSync(temporary, `${JSON.stringify(document, null, 2)}\n`, { mode: PRIVATE_MODE });
      renameSync(temporary, path);
      return document;
    });
  } catch (cause) {
    if (cause instanceof StateError) throw cause;
    const code = cause instanceof Error && 'code' in cause ? ` (${cause.code})` : '';
    throw new StateError(
      `The data folder ${dataDirectory} cannot be written${code}; choose another with --data or QUAYSIDE_DATA_DIR.`,
      cause,
    );
  }
}

/** The file is there and is not what this program wrote. */
export function damagedSecrets(dataDirectory: string, cause?: unknown): StateError {
  return new StateError(
    `${join(dataDirectory, FILE_NAME)} is damaged; restore it from a backup. Without it, keys made earlier cannot be recognised and stored secrets not be read.`,
    cause,
  );
}

function withLock<Result>(lock: string, work: () => Result): Result {
  while (!takeLock(lock)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOCK_RETRY_MS);
  try {
    return work();
  } finally {
    rmdirSync(lock);
  }
}

/** Making a folder is atomic on every file system. */
function takeLock(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    const held = statSync(lock, { throwIfNoEntry: false });
    if (held !== undefined && Date.now() - held.mtimeMs > LOCK_STALE_MS) rmdirSync(lock);
    return false;
  }
}

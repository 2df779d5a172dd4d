// Keys made by `quayside keys create` and by the first start: hashes in `<data>/keys.json`, mode 0600.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  unwatchFile,
  watchFile,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { StateError } from '../../secrets/state-error.ts';
import { generateKey, pepperedHash, sha256Hex } from './key-hash.ts';

export interface StoredKey {
  /** The 8 characters after `qs_`; safe to show. */
  readonly id: string;
  readonly name: string;
  /** {@link pepperedHash} in hex. */
  readonly keyHash: string;
  /** Absent: what the definition grants to authenticated callers. */
  readonly permissions?: readonly string[];
  readonly enabled: boolean;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly expiresAt?: string;
}

export interface NewKey {
  readonly name: string;
  readonly permissions?: readonly string[];
  readonly expiresAt?: string;
}

/** A revoked key must stop working within a second (governance §2). */
const WATCH_INTERVAL_MS = 500;
const PRIVATE_MODE = 0o600;

/** The key file of this install, as it was last read. */
export interface KeyFile {
  /** Grows with every change of the file that was noticed. */
  readonly generation: number;
  keys(): readonly StoredKey[];
  /** Told after each change that was noticed. Returns the way to stop. */
  onChange(listener: () => void): () => void;
  /** Adds a key and returns it in clear, once. */
  create(key: NewKey, now: Date): { readonly stored: StoredKey; readonly key: string };
  /** Switches a key off for good; false when no key has this id. */
  revoke(id: string): boolean;
  close(): void;
}

/**
 * Opens the key file at `path`, which need not exist yet; changes made by other processes are noticed within a
 * second when `watch` is set. Throws StateError naming the path when the file is not what this program wrote; a file
 * that is damaged later is told to `onDamage`, and the keys known so far stay in force.
 */
export function openKeyFile(options: {
  readonly path: string;
  readonly salt: string;
  readonly watch: boolean;
  readonly onDamage?: (error: StateError) => void;
}): KeyFile {
  const { path } = options;
  let generation = 0;
  const listeners = new Set<() => void>();
  let keys = readKeys(path);
  const reread = () => {
    keys = readKeys(path);
    generation++;
    for (const listener of listeners) listener();
  };
  const noticeChange = () => {
    try {
      reread();
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      options.onDamage?.(error);
    }
  };
  if (options.watch) watchFile(path, { interval: WATCH_INTERVAL_MS, persistent: false }, noticeChange);

  return {
    get generation() {
      return generation;
    },
    keys: () => keys,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    create(newKey, now) {
      const { id, key } = generateKey();
      const stored: StoredKey = {
        id,
        name: newKey.name,
        keyHash: pepperedHash(sha256Hex(key), options.salt).toString('hex'),
        ...(newKey.permissions === undefined ? {} : { permissions: newKey.permissions }),
        enabled: true,
        createdAt: now.toISOString(),
        ...(newKey.expiresAt === undefined ? {} : { expiresAt: newKey.expiresAt }),
      };
      writeKeys(path, [...readKeys(path), stored]);
      reread();
      return { stored, key };
    },
    revoke(id) {
      const current = readKeys(path);
      if (!current.some((key) => key.id === id)) return false;
      writeKeys(
        path,
        current.map((key) => (key.id === id ? { ...key, enabled: false } : key)),
      );
      reread();
      return true;
    },
    close() {
      if (options.watch) unwatchFile(path, noticeChange);
    },
  };
}

function readKeys(path: string): readonly StoredKey[] {
  if (!existsSync(path)) return [];
  const text = readFileSync(path, 'utf8');
  return parseKeys(text, path);
}

function parseKeys(text: string, path: string): readonly StoredKey[] {
  const wrong = (cause?: unknown) =>
    new StateError(
      `${path} is not a key file; restore it from a backup, or delete it to start without stored keys.`,
      cause,
    );
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw wrong(cause);
  }
  const keys = (document as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys) || !keys.every(isStoredKey)) throw wrong();
  return keys;
}

function isStoredKey(value: unknown): value is StoredKey {
  if (typeof value !== 'object' || value === null) return false;
  const key = value as Partial<Record<keyof StoredKey, unknown>>;
  return (
    typeof key.id === 'string' &&
    typeof key.name === 'string' &&
    typeof key.keyHash === 'string' &&
    /^[0-9a-f]{64}$/.test(key.keyHash) &&
    typeof key.enabled === 'boolean'
  );
}

function writeKeys(path: string, keys: readonly StoredKey[]): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, `${JSON.stringify({ keys }, null, 2)}\n`, { mode: PRIVATE_MODE });
  chmodSync(temporary, PRIVATE_MODE);
  renameSync(temporary, path);
}

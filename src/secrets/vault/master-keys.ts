// The keys that wrap the data keys: from the environment, a file, a command such as that of a KMS, or the data folder.
import { execFile } from 'node:child_process';
import { createHash, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { StateError } from '../state-error.ts';
import { readGeneratedKeys, writeGeneratedKeys } from './generated-keys.ts';

/** A key of 256 bits; its id tells it from others and tells nothing about it. */
export interface MasterKey {
  readonly id: string;
  readonly key: KeyObject;
}

/** Where the master keys come from; at most one of the first three is set. */
export interface MasterKeySettings {
  /** `QUAYSIDE_MASTER_KEY`: 32 bytes in base64. */
  readonly masterKey?: string;
  /** `QUAYSIDE_MASTER_KEY_PREVIOUS`: keeps what it wrapped readable while the key changes. */
  readonly masterKeyPrevious?: string;
  /** `QUAYSIDE_MASTER_KEY_FILE`: one key in base64 per line, the newest first. */
  readonly masterKeyFile?: string;
  /** `QUAYSIDE_MASTER_KEY_COMMAND`: prints what the file would hold. Run without a shell. */
  readonly masterKeyCommand?: string;
  readonly dataDirectory: string;
  /** Keys are not generated in production. */
  readonly production: boolean;
}

/** The master keys as they were last read. */
export interface MasterKeys {
  /** The key that wraps from now on, read anew. Undefined in production when none is given. Throws StateError. */
  current(): Promise<MasterKey | undefined>;
  /** A key by its id; looks anew where the keys come from when it is not known, so a rotation needs no restart. */
  find(id: string): Promise<MasterKey | undefined>;
  /**
   * Makes the next key where the keys are generated: both are readable until {@link forgetPrevious}. False where an
   * operator gives them.
   */
  generateNext(): boolean;
  /** Forgets all generated keys but the newest. */
  forgetPrevious(): void;
}

const KEY_BYTES = 32;
/** A KMS answers within a second; a start must not hang on one that does not. */
const COMMAND_TIMEOUT_MS = 10_000;
const COMMAND_OUTPUT_MAX = 4096;
const ID_LENGTH = 16;

/** Reads nothing before the first question. Throws StateError when more than one source is set. */
export function openMasterKeys(settings: MasterKeySettings): MasterKeys {
  const sources = (
    [
      ['QUAYSIDE_MASTER_KEY', settings.masterKey],
      ['QUAYSIDE_MASTER_KEY_FILE', settings.masterKeyFile],
      ['QUAYSIDE_MASTER_KEY_COMMAND', settings.masterKeyCommand],
    ] as const
  ).filter(([, value]) => value !== undefined);
  if (sources.length > 1) {
    throw new StateError(`${sources.map(([name]) => name).join(' and ')} are set; keep one of them.`);
  }
  const isGenerated = sources.length === 0 && !settings.production;
  let known: readonly MasterKey[] | undefined;
  const reread = async () => {
    known = (await readTexts(settings)).map(({ name, text }) => parseMasterKey(text, name));
    return known;
  };
  return {
    current: async () => (await reread())[0],
    async find(id) {
      const isIt = (one: MasterKey) => one.id === id;
      return known?.find(isIt) ?? (await reread()).find(isIt);
    },
    generateNext() {
      if (!isGenerated) return false;
      writeGeneratedKeys(settings.dataDirectory, (keys) => [newKeyText(), ...keys]);
      known = undefined;
      return true;
    },
    forgetPrevious() {
      if (!isGenerated) return;
      writeGeneratedKeys(settings.dataDirectory, (keys) => keys.slice(0, 1));
      known = undefined;
    },
  };
}

interface KeyText {
  /** Where it came from, for messages. */
  readonly name: string;
  readonly text: string;
}

async function readTexts(settings: MasterKeySettings): Promise<readonly KeyText[]> {
  const { masterKey, masterKeyPrevious, masterKeyFile, masterKeyCommand } = settings;
  if (masterKeyFile !== undefined)
    return linesOf('QUAYSIDE_MASTER_KEY_FILE', await readKeyFile(masterKeyFile));
  if (masterKeyCommand !== undefined)
    return linesOf('QUAYSIDE_MASTER_KEY_COMMAND', await runCommand(masterKeyCommand));
  if (masterKey === undefined && !settings.production) {
    return generatedKeys(settings.dataDirectory).map((text) => ({ name: 'secrets.json: masterKeys', text }));
  }
  return [
    ...(masterKey === undefined ? [] : [{ name: 'QUAYSIDE_MASTER_KEY', text: masterKey }]),
    ...(masterKeyPrevious === undefined
      ? []
      : [{ name: 'QUAYSIDE_MASTER_KEY_PREVIOUS', text: masterKeyPrevious }]),
  ];
}

function generatedKeys(dataDirectory: string): readonly string[] {
  const keys = readGeneratedKeys(dataDirectory);
  if (keys.length > 0) return keys;
  return writeGeneratedKeys(dataDirectory, (present) => (present.length > 0 ? present : [newKeyText()]));
}

function newKeyText(): string {
  return randomBytes(KEY_BYTES).toString('base64');
}

async function readKeyFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new StateError(`QUAYSIDE_MASTER_KEY_FILE: ${path} cannot be read${codeOf(cause)}.`, cause);
  }
}

async function runCommand(command: string): Promise<string> {
  const [program = '', ...words] = command.trim().split(/\s+/);
  try {
    const { stdout } = await promisify(execFile)(program, words, {
      timeout: COMMAND_TIMEOUT_MS,
      maxBuffer: COMMAND_OUTPUT_MAX,
    });
    return stdout;
  } catch (cause) {
    // What the command printed may be the key, and belongs into no message.
    throw new StateError(`QUAYSIDE_MASTER_KEY_COMMAND: ${program} failed${codeOf(cause)}.`);
  }
}

function codeOf(cause: unknown): string {
  return typeof cause === 'object' && cause !== null && 'code' in cause ? ` (${String(cause.code)})` : '';
}

function linesOf(name: string, text: string): readonly KeyText[] {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (lines.length === 0) throw new StateError(`${name}: no key was found; give 32 bytes in base64.`);
  return lines.map((line) => ({ name, text: line }));
}

function parseMasterKey(text: string, name: string): MasterKey {
  const bytes = Buffer.from(text.trim(), 'base64');
  if (bytes.length !== KEY_BYTES) {
    throw new StateError(`${name}: must be 32 bytes in base64; make one with \`openssl rand -base64 32\`.`);
  }
  return toMasterKey(bytes);
}

function toMasterKey(bytes: Buffer): MasterKey {
  const id = createHash('sha256')
    .update('quayside master key id')
    .update(bytes)
    .digest('hex')
    .slice(0, ID_LENGTH);
  return { id, key: createSecretKey(bytes) };
}

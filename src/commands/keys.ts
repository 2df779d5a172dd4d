// `quayside keys create|list|revoke`: the keys in `<data>/keys.json`.
import { join } from 'node:path';
import { type KeyFile, openKeyFile } from '../gate/credential/key-file.ts';
import { generateKey, sha256Hex } from '../gate/credential/key-hash.ts';
import { permissionProblem } from '../gate/permission/grammar.ts';
import { openProcessSecrets } from '../secrets/process-secrets.ts';
import { EXIT, type Io } from './io.ts';

export interface KeyCommandOptions {
  readonly data?: string;
  readonly json?: true;
}

/** Makes a key and prints it, once. With `definition` nothing is stored. */
export function createKey(
  options: KeyCommandOptions & {
    readonly name: string;
    readonly permissions?: readonly string[];
    readonly expires?: string;
    readonly definition?: true;
  },
  io: Io,
): number {
  const problem = options.permissions
    ?.map((text) => [text, permissionProblem(text)] as const)
    .find(([, found]) => found !== undefined);
  if (problem !== undefined) return usage(io, `--permissions: ${JSON.stringify(problem[0])} ${problem[1]}`);
  if (options.expires !== undefined && Number.isNaN(Date.parse(options.expires))) {
    return usage(
      io,
      `--expires: ${JSON.stringify(options.expires)} is not an ISO 8601 date, such as 2027-01-31`,
    );
  }
  if (options.definition === true) return printDefinitionKey(options, io);
  const { key, stored } = keyFileOf(options, io).create(
    {
      name: options.name,
      ...(options.permissions === undefined ? {} : { permissions: options.permissions }),
      ...(options.expires === undefined ? {} : { expiresAt: options.expires }),
    },
    new Date(),
  );
  if (options.json === true) io.out(`${JSON.stringify({ id: stored.id, name: stored.name, key })}\n`);
  else
    io.out(
      `${key}\nThis is the only time the key is shown. Its id is ${stored.id}; running servers accept it within a second.\n`,
    );
  return EXIT.ok;
}

/** Lists ids, names, states and grants. */
export function listKeys(options: KeyCommandOptions, io: Io): number {
  const keys = keyFileOf(options, io).keys();
  if (options.json === true) {
    io.out(`${JSON.stringify(keys.map(({ keyHash: _, ...shown }) => shown))}\n`);
    return EXIT.ok;
  }
  if (keys.length === 0) io.out('No keys yet; make one with: quayside keys create <name>\n');
  for (const key of keys) {
    const state = !key.enabled
      ? 'revoked'
      : key.expiresAt === undefined
        ? 'valid'
        : `valid until ${key.expiresAt}`;
    const grants = key.permissions?.join(',') ?? "the definition's grants to authenticated callers";
    io.out(`${key.id}  ${key.name}  ${state}  ${key.createdAt}  ${grants}\n`);
  }
  return EXIT.ok;
}

/** Switches a key off. */
export function revokeKey(options: KeyCommandOptions & { readonly id: string }, io: Io): number {
  if (!keyFileOf(options, io).revoke(options.id)) {
    io.err(`No key has the id ${JSON.stringify(options.id)}; \`quayside keys list\` shows the ids.\n`);
    return EXIT.failure;
  }
  io.out(
    options.json === true
      ? `${JSON.stringify({ id: options.id, enabled: false })}\n`
      : `Key ${options.id} is revoked.\n`,
  );
  return EXIT.ok;
}

function printDefinitionKey(options: { readonly name: string; readonly json?: true }, io: Io): number {
  const { key } = generateKey();
  const keyHash = `sha256:${sha256Hex(key)}`;
  if (options.json === true) io.out(`${JSON.stringify({ name: options.name, key, keyHash })}\n`);
  else
    io.out(
      `${key}\nThis is the only time the key is shown. For security.authentication.apiKeys:\n- { name: ${JSON.stringify(options.name)}, keyHash: "${keyHash}" }\n`,
    );
  return EXIT.ok;
}

function keyFileOf(options: KeyCommandOptions, io: Io): KeyFile {
  const data = options.data ?? io.env.QUAYSIDE_DATA_DIR ?? './data';
  const salt = io.env.API_KEY_SALT;
  const { apiKeySalt } = openProcessSecrets(data, salt === undefined ? {} : { apiKeySalt: salt });
  return openKeyFile({ path: join(data, 'keys.json'), salt: apiKeySalt, watch: false });
}

function usage(io: Io, message: string): number {
  io.err(`${message}\n`);
  return EXIT.usage;
}

// `quayside secrets set|list|delete` and `quayside rotate-secrets`: the stored secrets of an install.
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { ConfigurationError } from '../app/configuration-error.ts';
import { openSecretStore } from '../app/secrets.ts';
import { asConfigurationError, storeAddress } from '../app/store.ts';
import { type EnvironmentSettings, readEnvironment } from '../definition/environment.ts';
import { secretNameProblem } from '../definition/secret-reference.ts';
import { rotateKeys } from '../secrets/rotate-keys.ts';
import { HIDDEN_VALUE, SECRET_BYTES_MAX, type SecretStore } from '../secrets/secret-store.ts';
import { MasterKeyMissing } from '../secrets/vault/data-keys.ts';
import { UnsealError } from '../secrets/vault/envelope.ts';
import type { MasterKeys } from '../secrets/vault/master-keys.ts';
import { openStore, type StoreAddress } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import { EXIT, type Io } from './io.ts';

export interface SecretCommandOptions {
  readonly data?: string;
  readonly tenant?: string;
  readonly json?: true;
}

const DEFAULT_TENANT = 'default';

/** Stores what the file or the standard input holds, without the line end behind it. */
export function setSecret(
  options: SecretCommandOptions & { readonly name: string; readonly file?: string },
  io: Io,
): Promise<number> {
  const problem = secretNameProblem(options.name);
  if (problem !== undefined) return Promise.resolve(usage(io, `${JSON.stringify(options.name)} ${problem}.`));
  return withSecrets(options, io, async ({ secrets }) => {
    const given = await (options.file === undefined ? text(process.stdin) : readFile(options.file, 'utf8'));
    const value = given.replace(/\r?\n$/, '');
    if (value === '')
      return usage(io, 'The value is empty; write it to the standard input, or name a file with --file.');
    if (value === HIDDEN_VALUE)
      return usage(io, `"${HIDDEN_VALUE}" stands for a value that is not shown; give the value itself.`);
    if (Buffer.byteLength(value) > SECRET_BYTES_MAX)
      return usage(io, `A secret has at most ${SECRET_BYTES_MAX} bytes.`);
    const { name, version } = await secrets.put(tenantOf(options), {
      name: options.name,
      value,
      by: 'command line',
    });
    if (options.json === true) io.out(`${JSON.stringify({ name, version })}\n`);
    else io.out(`${name} is stored (version ${version}); definitions name it \${secret:${name}}.\n`);
    return EXIT.ok;
  });
}

/** Lists names, versions and dates. */
export function listSecrets(options: SecretCommandOptions, io: Io): Promise<number> {
  return withSecrets(options, io, async ({ secrets }) => {
    const found = await secrets.list(tenantOf(options));
    const shown = found.map(({ createdAt, updatedAt, ...rest }) => ({
      ...rest,
      createdAt: new Date(createdAt).toISOString(),
      updatedAt: new Date(updatedAt).toISOString(),
    }));
    if (options.json === true) io.out(`${JSON.stringify(shown)}\n`);
    else if (shown.length === 0) io.out('No secrets yet; store one with: quayside secrets set <name>\n');
    else
      for (const { name, version, updatedAt } of shown) io.out(`${name}  version ${version}  ${updatedAt}\n`);
    return EXIT.ok;
  });
}

/** Removes a secret for good. */
export function deleteSecret(
  options: SecretCommandOptions & { readonly name: string },
  io: Io,
): Promise<number> {
  return withSecrets(options, io, async ({ secrets }) => {
    if (!(await secrets.remove(tenantOf(options), options.name))) {
      io.err(
        `No secret has the name ${JSON.stringify(options.name)}; \`quayside secrets list\` shows the names.\n`,
      );
      return EXIT.failure;
    }
    if (options.json === true) io.out(`${JSON.stringify({ name: options.name, deleted: true })}\n`);
    else io.out(`${options.name} is deleted.\n`);
    return EXIT.ok;
  });
}

/** Wraps all keys by the newest master key, and seals all values anew when asked to. */
export function rotateSecrets(
  options: SecretCommandOptions & { readonly dataKey?: true },
  io: Io,
): Promise<number> {
  return withSecrets(options, io, async ({ store, masterKeys }) => {
    const report = await rotateKeys(
      { store, masterKeys, now: Date.now },
      { newDataKey: options.dataKey === true },
    );
    if (options.json === true) io.out(`${JSON.stringify(report)}\n`);
    else {
      io.out(
        `${report.rewrapped} keys are wrapped anew by the master key ${report.masterKey}, ${report.resealed} secrets sealed anew, ${report.verified} opened to be sure.\nOlder master keys are not needed any more.\n`,
      );
    }
    return EXIT.ok;
  });
}

interface Opened {
  readonly store: Store;
  readonly secrets: SecretStore;
  readonly masterKeys: MasterKeys;
}

async function withSecrets(
  options: SecretCommandOptions,
  io: Io,
  work: (opened: Opened) => Promise<number>,
): Promise<number> {
  const { settings: environment, errors } = readEnvironment(io.env);
  if (errors.length > 0) {
    for (const error of errors) io.err(`${error}\n`);
    return EXIT.configuration;
  }
  const dataDirectory = options.data ?? environment.dataDirectory ?? './data';
  let store: Store | undefined;
  try {
    store = await openAt(storeAddress(environment, dataDirectory));
    const production = isProduction(environment);
    return await work({ store, ...openSecretStore({ environment, dataDirectory, production }, store) });
  } catch (error) {
    return refuse(error, io);
  } finally {
    await store?.close();
  }
}

async function openAt(address: StoreAddress): Promise<Store> {
  try {
    return await openStore(address);
  } catch (error) {
    throw asConfigurationError(error, address);
  }
}

/** What the operator can mend, as lines; everything else is thrown on. */
function refuse(error: unknown, io: Io): number {
  if (error instanceof ConfigurationError) for (const line of error.lines) io.err(`${line}\n`);
  else if (error instanceof MasterKeyMissing || error instanceof UnsealError) io.err(`${error.message}\n`);
  else throw error;
  return EXIT.configuration;
}

function isProduction({ environment }: EnvironmentSettings): boolean {
  return environment === 'production';
}

function tenantOf({ tenant }: SecretCommandOptions): string {
  return tenant ?? DEFAULT_TENANT;
}

function usage(io: Io, message: string): number {
  io.err(`${message}\n`);
  return EXIT.usage;
}

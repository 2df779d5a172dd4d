// What the verbs over secrets share: the store of secrets with its keys, and how a refusal is said.
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { openSecretStore } from '../app/secrets.ts';
import type { EnvironmentSettings } from '../definition/environment.ts';
import { QuaysideError } from '../errors.ts';
import type { Actor } from '../gate/actor.ts';
import { createSecretCommands, type SecretCommands } from '../operations/secret-commands.ts';
import type { SecretStore } from '../secrets/secret-store.ts';
import { MasterKeyMissing } from '../secrets/vault/data-keys.ts';
import { UnsealError } from '../secrets/vault/envelope.ts';
import type { MasterKeys } from '../secrets/vault/master-keys.ts';
import { EXIT, type Io, refuse } from './io.ts';
import { type OpenPlace, onStore, operatorIn } from './on-store.ts';

export interface SecretCommandOptions {
  readonly data?: string;
  readonly tenant?: string;
  readonly json?: true;
}

const DEFAULT_TENANT = 'default';

/** Said when there is no value. */
export const EMPTY_VALUE = 'The value is empty; write it to the standard input, or name a file with --file.';

/** What the file or the standard input holds, without the line end behind it. */
export async function givenValue(file: string | undefined): Promise<string> {
  const given = await (file === undefined ? text(process.stdin) : readFile(file, 'utf8'));
  return given.replace(/\r?\n$/, '');
}

/** What these verbs work with. */
export interface OpenSecrets extends OpenPlace {
  readonly actor: Actor;
  readonly secrets: SecretStore;
  readonly commands: SecretCommands;
  readonly masterKeys: MasterKeys;
}

/** Runs `work` over the store and its secrets; what the operator can mend is said in lines. */
export async function withSecrets(
  options: SecretCommandOptions,
  io: Io,
  work: (opened: OpenSecrets) => Promise<number>,
): Promise<number> {
  return onStore(options, io, async (place) => {
    const { store, audit, environment, dataDirectory } = place;
    try {
      const production = isProduction(environment);
      const opened = openSecretStore({ environment, dataDirectory, production }, store);
      const commands = createSecretCommands({ secrets: opened.secrets, audit });
      return await work({ ...place, actor: operatorIn(tenantOf(options)), commands, ...opened });
    } catch (error) {
      return refusalOf(error, io);
    }
  });
}

/** What the operator can mend, as lines; everything else is thrown on. */
function refusalOf(error: unknown, io: Io): number {
  if (error instanceof QuaysideError) {
    const isUsage = error.code === 'invalid_request';
    const hint = error.code === 'not_found' ? ' `quayside secrets list` shows the names.' : '';
    return refuse(
      io,
      [`${error.message}${hint}`],
      isUsage ? EXIT.usage : error.code === 'secrets_locked' ? EXIT.configuration : EXIT.failure,
    );
  }
  if (error instanceof MasterKeyMissing || error instanceof UnsealError) return refuse(io, [error.message]);
  throw error;
}

function isProduction({ environment }: EnvironmentSettings): boolean {
  return environment === 'production';
}

/** Whose secrets. */
export function tenantOf({ tenant }: SecretCommandOptions): string {
  return tenant ?? DEFAULT_TENANT;
}

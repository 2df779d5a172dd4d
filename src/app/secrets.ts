// Secrets of this process: those that are stored, those that other managers hold, and those of its environment.
import { documentedVariables } from '../definition/environment.ts';
import type { ResolveSecrets } from '../definition/secret-reference.ts';
import { createEgress, type Egress } from '../egress/egress.ts';
import { DEFAULT_TENANT } from '../gate/tenant/tenant.ts';
import { every } from '../jobs/job.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { readFromAws } from '../secrets/managers/aws.ts';
import { ManagerError } from '../secrets/managers/manager.ts';
import { readFromVault } from '../secrets/managers/vault.ts';
import { createSecretResolver } from '../secrets/resolve-secrets.ts';
import { createSecretStore, SECRETS_TOPIC, type SecretStore } from '../secrets/secret-store.ts';
import {
  createDataKeys,
  type DataKeys,
  MasterKeyMissing,
  missingMasterKeys,
} from '../secrets/vault/data-keys.ts';
import { UnsealError } from '../secrets/vault/envelope.ts';
import { type MasterKeys, openMasterKeys } from '../secrets/vault/master-keys.ts';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import type { Log } from '../telemetry/log.ts';
import { ConfigurationError } from './configuration-error.ts';
import type { AppSettings } from './settings.ts';
import { asConfigurationError, storeAddress } from './store.ts';

/** The secrets of users, as the process works with them. */
export interface StoredSecrets {
  readonly secrets: SecretStore;
  readonly masterKeys: MasterKeys;
  /** What a reload reads `${secret:...}` by. */
  readonly resolve: ResolveSecrets;
  /** Calls `changed` when secrets changed, or their keys, and the definitions in force name some. */
  watch(changed: () => void): () => void;
}

/** What a command or the server needs to know of its environment to open the secrets. */
export type SecretSettings = Pick<AppSettings, 'environment' | 'dataDirectory' | 'production'>;

/** The keys and the store of secrets, over an open store. Throws StateError when several master keys are given. */
export function openSecretStore(
  settings: SecretSettings,
  store: Store,
): { readonly secrets: SecretStore; readonly masterKeys: MasterKeys; readonly dataKeys: DataKeys } {
  const { masterKey, masterKeyPrevious, masterKeyFile, masterKeyCommand } = settings.environment;
  const masterKeys = openMasterKeys({
    dataDirectory: settings.dataDirectory,
    production: settings.production,
    ...(masterKey === undefined ? {} : { masterKey }),
    ...(masterKeyPrevious === undefined ? {} : { masterKeyPrevious }),
    ...(masterKeyFile === undefined ? {} : { masterKeyFile }),
    ...(masterKeyCommand === undefined ? {} : { masterKeyCommand }),
  });
  const dataKeys = createDataKeys({ store, masterKeys, now: Date.now });
  return { masterKeys, dataKeys, secrets: createSecretStore({ store, dataKeys, now: Date.now }) };
}

/** How often values that a rotation kept are removed when their time is over. */
const HOUR_MS = 3_600_000;

/**
 * The secrets of a process that serves. Throws ConfigurationError when secrets are stored that no given master key
 * opens: better now than in the middle of a call.
 */
export async function openStoredSecrets(deps: {
  readonly settings: SecretSettings;
  readonly store: Store;
  readonly egress: Egress;
  readonly jobs: Pick<Jobs, 'register' | 'schedule'>;
  /** Whether the definitions that were loaded first name secrets. */
  readonly areNamed: boolean;
}): Promise<StoredSecrets> {
  const { settings, store, egress, jobs } = deps;
  const { secrets, masterKeys } = openSecretStore(settings, store);
  if (!(await secrets.isEmpty())) {
    const missing = await missingMasterKeys(store, masterKeys);
    if (missing !== undefined) throw new ConfigurationError([missing.message]);
  }
  jobs.register({
    name: 'secret_cleanup',
    run: async () => ({ result: { removed: await secrets.removeEnded() } }),
  });
  jobs.schedule({ name: 'secret_cleanup', kind: 'secret_cleanup', next: every(HOUR_MS) });
  const resolve = resolverOf(settings, { secrets: async () => secrets, egress });
  let { areNamed } = deps;
  return {
    secrets,
    masterKeys,
    resolve(references) {
      areNamed = true;
      return resolve(references);
    },
    watch: (changed) =>
      store.watch(SECRETS_TOPIC, () => {
        if (areNamed) changed();
      }),
  };
}

/** What the first load reads `${secret:...}` by, before anything else is open; opens only what is named. */
export interface EarlySecrets {
  readonly resolve: ResolveSecrets;
  /** Whether {@link resolve} was asked for any. */
  areNamed(): boolean;
}

/** Opens nothing before it is asked. */
export function secretsAtStart(settings: AppSettings): EarlySecrets {
  let areNamed = false;
  const resolve: ResolveSecrets = async (references) => {
    areNamed = true;
    let store: Promise<Store> | undefined;
    const egress = createEgress({ allow: (settings.environment.egressAllow ?? []).join(','), log: NO_LOG });
    const secrets = async () => {
      const address = storeAddress(settings.environment, settings.dataDirectory);
      store ??= openStore(address).catch((error: unknown) => {
        store = undefined;
        throw asConfigurationError(error, address);
      });
      return openSecretStore(settings, await store).secrets;
    };
    try {
      return await resolverOf(settings, { secrets, egress })(references);
    } finally {
      await egress.close();
      await (await store)?.close();
    }
  };
  return { resolve, areNamed: () => areNamed };
}

/** Failures are told by the outcome of each reference. */
const nothing = (): void => undefined;
const NO_LOG: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => NO_LOG };

function resolverOf(
  { environment }: SecretSettings,
  deps: { readonly secrets: () => Promise<SecretStore>; readonly egress: Egress },
): ResolveSecrets {
  const { awsRegion, awsAccessKeyId, awsSecretAccessKey, awsSessionToken, awsEndpoint } = environment;
  const { vaultAddress, vaultToken, vaultNamespace } = environment;
  return createSecretResolver({
    store: async (name) => {
      try {
        // A definition is the operator's, and so are the secrets that it names.
        return await (await deps.secrets()).read(DEFAULT_TENANT, name);
      } catch (error) {
        if (!(error instanceof MasterKeyMissing || error instanceof UnsealError)) throw error;
        throw new ManagerError(
          `could not be opened: ${error.message}`,
          'Give the master key, or set the secret again.',
        );
      }
    },
    aws: readFromAws(
      withoutAbsent({
        region: awsRegion,
        accessKeyId: awsAccessKeyId,
        secretAccessKey: awsSecretAccessKey,
        sessionToken: awsSessionToken,
        endpoint: awsEndpoint,
      }),
      deps.egress,
      () => new Date(),
    ),
    vault: readFromVault(
      withoutAbsent({ address: vaultAddress, token: vaultToken, namespace: vaultNamespace }),
      deps.egress,
    ),
  });
}

/** Absent settings are absent keys. */
function withoutAbsent<Key extends string>(
  settings: Readonly<Record<Key, string | undefined>>,
): Partial<Record<Key, string>> {
  const given: Partial<Record<Key, string>> = {};
  for (const key in settings) {
    const value = settings[key];
    if (value !== undefined) given[key] = value;
  }
  return given;
}

/** Values of the environment that are secrets by their variable, and the passwords in addresses among them. */
export function environmentSecrets(env: AppSettings['env']): readonly string[] {
  const names = documentedVariables.flatMap(({ name, aliases, secret }) =>
    secret === true ? [name, ...aliases] : [],
  );
  return [...names, 'REDIS_URL'].flatMap((name) => {
    const value = env[name];
    if (value === undefined || value === '') return [];
    if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(value) || !URL.canParse(value)) return [value];
    const { password } = new URL(value);
    return password === '' ? [] : [password, safeDecode(password)];
  });
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Malformed escapes stand for themselves.
    return text;
  }
}

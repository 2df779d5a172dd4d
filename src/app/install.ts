// One install without a server around it: what the command line changes while servers may run on the same store.
import { readEnvironment } from '../definition/environment.ts';
import type { AuditLog } from '../gate/audit/audit.ts';
import { createKeyCommands, type KeyCommands } from '../gate/credential/key-commands.ts';
import { createTenantCommands, type TenantCommands } from '../gate/tenant/tenant-commands.ts';
import { openTenantDirectory, type TenantDirectory } from '../gate/tenant/tenant-directory.ts';
import { openProcessSecrets } from '../secrets/process-secrets.ts';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import { ConfigurationError } from './configuration-error.ts';
import { withOperatorAudit } from './operator-audit.ts';
import { asConfigurationError, storeAddress } from './store.ts';

/** The commands over the state of an install, and what they work on. */
export interface Install {
  readonly store: Store;
  /** Takes what the operator changes. */
  readonly audit: AuditLog;
  readonly keys: KeyCommands;
  readonly tenantCommands: TenantCommands;
  readonly tenants: TenantDirectory;
  /** `API_KEY_SALT` in force. */
  readonly salt: string;
}

export interface InstallOptions {
  readonly dataDirectory: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Opens the install for `work` and closes it again. Rejects with what the store and the secrets report. */
export async function withInstall<Result>(
  options: InstallOptions,
  work: (install: Install) => Promise<Result>,
): Promise<Result> {
  const { dataDirectory } = options;
  const { settings, errors } = readEnvironment(options.env);
  if (errors.length > 0) throw new ConfigurationError(errors);
  const { apiKeySalt } = settings;
  const secrets = openProcessSecrets(dataDirectory, apiKeySalt === undefined ? {} : { apiKeySalt });
  const address = storeAddress(settings, dataDirectory);
  const store = await openStore(address).catch((error: unknown) => {
    throw asConfigurationError(error, address);
  });
  try {
    return await withOperatorAudit({ environment: settings, dataDirectory }, async (audit) => {
      const tenants = await openTenantDirectory(store);
      const shared = { store, tenants, now: Date.now, audit };
      const { apiKeySalt: salt } = secrets;
      const keys = createKeyCommands({ ...shared, salt, defaults: () => [] });
      try {
        return await work({ ...shared, keys, tenantCommands: createTenantCommands(shared), salt });
      } finally {
        tenants.close();
      }
    });
  } finally {
    await store.close();
  }
}

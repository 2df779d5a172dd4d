// One install without a server around it: what the command line changes while servers may run on the same store.
import { readEnvironment } from '../definition/environment.ts';
import type { AuditLog } from '../gate/audit/audit.ts';
import { createKeyCommands, type KeyCommands } from '../gate/credential/key-commands.ts';
import { createTenantCommands, type TenantCommands } from '../gate/tenant/tenant-commands.ts';
import { openTenantDirectory, type TenantDirectory } from '../gate/tenant/tenant-directory.ts';
import { openProcessSecrets } from '../secrets/process-secrets.ts';
import type { Store } from '../store/store.ts';
import { openState } from './state.ts';

export interface Install {
  readonly store: Store;
  readonly keys: KeyCommands;
  readonly tenantCommands: TenantCommands;
  readonly tenants: TenantDirectory;
  /** `API_KEY_SALT` in force. */
  readonly salt: string;
}

export interface InstallOptions {
  readonly dataDirectory: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absent: changes are not written down. */
  readonly audit?: AuditLog;
}

/** Opens the install for `work` and closes it again. Rejects with what the store and the secrets report. */
export async function withInstall<Result>(
  options: InstallOptions,
  work: (install: Install) => Promise<Result>,
): Promise<Result> {
  const { dataDirectory } = options;
  const { apiKeySalt } = readEnvironment(options.env).settings;
  const secrets = openProcessSecrets(dataDirectory, apiKeySalt === undefined ? {} : { apiKeySalt });
  const store = await openState(dataDirectory);
  try {
    const tenants = await openTenantDirectory(store);
    const shared = {
      store,
      tenants,
      now: Date.now,
      ...(options.audit === undefined ? {} : { audit: options.audit }),
    };
    const keys = createKeyCommands({ ...shared, salt: secrets.apiKeySalt, defaults: () => [] });
    try {
      return await work({
        store,
        keys,
        tenants,
        tenantCommands: createTenantCommands(shared),
        salt: secrets.apiKeySalt,
      });
    } finally {
      tenants.close();
    }
  } finally {
    await store.close();
  }
}

// HashiCorp Vault, key-value engine of version 2: the first segment of a path is the mount.
import type { Egress } from '../../egress/egress.ts';
import { askManager, ManagerError, type ReadManaged, toObject } from './manager.ts';

/** The standard names of the Vault tools. */
export interface VaultSettings {
  readonly address?: string;
  readonly token?: string;
  readonly namespace?: string;
}

/** Reads the newest version of secrets such as `secret/shop/database`. */
export function readFromVault(settings: VaultSettings, egress: Pick<Egress, 'fetch'>): ReadManaged {
  return async (path) => {
    const { address, token, namespace } = settings;
    if (address === undefined || token === undefined) {
      throw new ManagerError('needs access to Vault.', 'Set VAULT_ADDR and VAULT_TOKEN.');
    }
    const [mount = '', ...rest] = path.split('/').map(encodeURIComponent);
    const { data } = await askManager(egress, 'Vault', {
      url: `${address.replace(/\/+$/, '')}/v1/${mount}/data/${rest.join('/')}`,
      method: 'GET',
      headers: {
        'x-vault-token': token,
        ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
      },
    });
    const fields = toObject(toObject(data)?.data);
    if (fields !== undefined) return fields;
    throw new ManagerError('is no secret of a key-value engine of version 2.', 'Check mount and path.');
  };
}

// Secrets over a test's database, as a process would open them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecretStore, type SecretStore } from '../../src/secrets/secret-store.ts';
import { createDataKeys, type DataKeys } from '../../src/secrets/vault/data-keys.ts';
import {
  type MasterKeySettings,
  type MasterKeys,
  openMasterKeys,
} from '../../src/secrets/vault/master-keys.ts';
import type { Store } from '../../src/store/store.ts';

export interface OpenedSecrets {
  readonly secrets: SecretStore;
  readonly masterKeys: MasterKeys;
  readonly dataKeys: DataKeys;
}

/** What one process has: its own master keys and data keys in memory. */
export function openSecrets(store: Store, settings: Partial<MasterKeySettings>): OpenedSecrets {
  const masterKeys = openMasterKeys({ dataDirectory: '/nowhere', production: true, ...settings });
  const dataKeys = createDataKeys({ store, masterKeys, now: Date.now });
  return { masterKeys, dataKeys, secrets: createSecretStore({ store, dataKeys, now: Date.now }) };
}

/** 32 times the same byte, as `QUAYSIDE_MASTER_KEY` takes it. */
export function keyText(byte: number): string {
  return Buffer.alloc(32, byte).toString('base64');
}

/** A folder that `remove` takes away. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'quayside-secrets-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

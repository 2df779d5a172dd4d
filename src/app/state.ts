// The durable state of an install, opened for a server or for the command line.
import { mkdirSync } from 'node:fs';
import { StateError } from '../secrets/state-error.ts';
import { SchemaError } from '../store/migrations/plan.ts';
import { embeddedStore, openStore } from '../store/open-store.ts';
import { type Store, StoreUnavailable } from '../store/store.ts';

/** Throws StateError naming the folder when what lies there is no store, or cannot be read or written. */
export async function openState(dataDirectory: string, onError?: (error: unknown) => void): Promise<Store> {
  try {
    mkdirSync(dataDirectory, { recursive: true });
    return await openStore(embeddedStore(dataDirectory), onError === undefined ? {} : { onError });
  } catch (error) {
    if (error instanceof StoreUnavailable) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    const fix =
      error instanceof SchemaError ? '' : ' Restore it from a backup, or choose another with --data.';
    throw new StateError(`The state in ${dataDirectory} cannot be opened: ${reason}.${fix}`, error);
  }
}

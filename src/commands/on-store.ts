// What the verbs over the store share: which one it is, and how it is said that it cannot be used.
import { ConfigurationError } from '../app/configuration-error.ts';
import { asConfigurationError, storeAddress } from '../app/store.ts';
import { readEnvironment } from '../definition/environment.ts';
import { openStore, type StoreAddress } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import { type Io, refuse } from './io.ts';

/** The flag that every such verb has. */
export interface StoreFlags {
  readonly data?: string;
}

/** Runs `work` with the address of the store that flags and environment name; resolves with the exit code. */
export async function onAddress(
  flags: StoreFlags,
  io: Io,
  work: (address: StoreAddress) => Promise<number>,
): Promise<number> {
  const { settings, errors } = readEnvironment(io.env);
  if (errors.length > 0) return refuse(io, errors);
  let address: StoreAddress | undefined;
  try {
    address = storeAddress(settings, flags.data ?? settings.dataDirectory ?? './data');
    return await work(address);
  } catch (error) {
    const known = address === undefined ? error : asConfigurationError(error, address);
    if (known instanceof ConfigurationError) return refuse(io, known.lines);
    throw known;
  }
}

/** The same with the store open. */
export function onStore(flags: StoreFlags, io: Io, work: (store: Store) => Promise<number>): Promise<number> {
  return onAddress(flags, io, async (address) => {
    const store = await openStore(address);
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  });
}

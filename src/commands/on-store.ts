// What the verbs over the store share: which one it is, and how it is said that it cannot be used.
import { OPERATOR } from '../app/actor.ts';
import { ConfigurationError } from '../app/configuration-error.ts';
import { withOperatorAudit } from '../app/operator-audit.ts';
import { asConfigurationError, storeAddress } from '../app/store.ts';
import { type EnvironmentSettings, readEnvironment } from '../definition/environment.ts';
import type { Actor } from '../gate/actor.ts';
import type { AuditLog } from '../gate/audit/audit.ts';
import { openStore, type StoreAddress } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import { type Io, refuse } from './io.ts';

/** The flag that every such verb has. */
export interface StoreFlags {
  readonly data?: string;
}

/** Where the store is, by flags and environment. */
export interface StorePlace {
  readonly address: StoreAddress;
  readonly environment: EnvironmentSettings;
  readonly dataDirectory: string;
}

/** What verbs that change the store work with. */
export interface OpenPlace extends StorePlace {
  readonly store: Store;
  /** Takes what the operator changes. */
  readonly audit: AuditLog;
}

/** Runs `work` with the place of the store that flags and environment name; resolves with the exit code. */
export async function onPlace(
  flags: StoreFlags,
  io: Io,
  work: (place: StorePlace) => Promise<number>,
): Promise<number> {
  const { settings: environment, errors } = readEnvironment(io.env);
  if (errors.length > 0) return refuse(io, errors);
  const dataDirectory = flags.data ?? environment.dataDirectory ?? './data';
  let address: StoreAddress | undefined;
  try {
    address = storeAddress(environment, dataDirectory);
    return await work({ address, environment, dataDirectory });
  } catch (error) {
    const known = address === undefined ? error : asConfigurationError(error, address);
    if (known instanceof ConfigurationError) return refuse(io, known.lines);
    throw known;
  }
}

/** The same with the store open, and a record of what is changed in it. */
export function onStore(
  flags: StoreFlags,
  io: Io,
  work: (place: OpenPlace) => Promise<number>,
): Promise<number> {
  return onPlace(flags, io, async (place) => {
    const store = await openStore(place.address);
    try {
      return await withOperatorAudit(place, (audit) => work({ ...place, store, audit }));
    } finally {
      await store.close();
    }
  });
}

/** Who acts at the command line, in the tenant that the change is about. */
export function operatorIn(tenantId: string): Actor {
  return { ...OPERATOR, tenantId };
}

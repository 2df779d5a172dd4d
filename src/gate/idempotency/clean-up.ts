// Keys do not live for ever: after their time a key is a new key, and its row only takes room.
import type { Store } from '../../store/store.ts';
import { removeExpiredKeys } from './statements.ts';

/** Removes the rows of all tenants whose time is over; resolves with how many. For an hourly job. */
export async function removeExpired(store: Store, now: number): Promise<number> {
  const [removed] = await store.write('system', [{ statement: removeExpiredKeys, values: { now } }]);
  return removed?.changes ?? 0;
}

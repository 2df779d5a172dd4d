// The durable state of the process, opened in the order in which its parts need each other.
import { systemClock } from '../clock.ts';
import type { Plan } from '../plan/server-plan.ts';
import type { ProcessSecrets } from '../secrets/process-secrets.ts';
import type { Store } from '../store/store.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { type AppAudit, openAudit } from './audit.ts';
import type { LoadedAll } from './definitions.ts';
import { type Identity, openIdentity } from './identity.ts';
import { followOwnSecrets } from './process-secrets.ts';
import type { AppSettings } from './settings.ts';
import { openProcessStore } from './store.ts';

export interface State {
  /** Open as long as anything else is. */
  readonly store: Store;
  /** The record of operations. */
  readonly audit: AppAudit;
  readonly identity: Identity;
  close(): Promise<void>;
}

export interface StateDeps {
  readonly settings: AppSettings;
  readonly transport: 'http' | 'stdio';
  readonly telemetry: Telemetry;
  readonly secrets: ProcessSecrets;
  readonly loaded: LoadedAll;
  /** The plan in force; asked only once there is one. */
  readonly plan: () => Plan;
}

/** Rejects with StoreUnavailable, SchemaError; what was opened by then is closed. */
export async function openState(deps: StateDeps): Promise<State> {
  const { settings, telemetry, secrets, plan, transport } = deps;
  const store = await openProcessStore(settings, telemetry);
  const audit = openAudit({ store, settings, telemetry, definitions: deps.loaded.definitions, transport });
  const close = async (identity?: Identity) => {
    await identity?.close();
    await audit.close();
    await store.close();
  };
  try {
    const identity = await openIdentity({
      store,
      telemetry,
      audit: audit.events,
      salt: secrets.apiKeySalt,
      processAllowlist: settings.environment.ipAllowlist ?? [],
      plan,
    });
    const stopFollowing = followOwnSecrets({
      secrets,
      store,
      clock: systemClock,
      telemetry,
      audit,
      settings,
    });
    return {
      store,
      audit,
      identity,
      async close() {
        stopFollowing();
        await close(identity);
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

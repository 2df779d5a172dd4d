// Reminds of secrets that should be changed: a metric with their age, and a warning every day that one is due.
import type { Clock } from '../clock.ts';
import { type AgedSecret, noteSecretAges, type SecretAge } from '../secrets/secret-ages.ts';
import type { Core } from './core.ts';
import type { AppSettings } from './settings.ts';
import { databasePassword } from './store.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** The schedule of governance §9. API keys have a metric and a life cycle of their own. */
const DATABASE_PASSWORD_DAYS = 90;
const SIGNING_SECRET_DAYS = 180;

/** Looks at once and then every day, until it is stopped. */
export interface AgeReminder {
  start(): Promise<void>;
  stop(): void;
}

/** What cannot be noted because the store is away is told in the log and tried again the next day. */
export function createAgeReminder(deps: {
  readonly core: Pick<Core, 'store' | 'secrets' | 'telemetry'>;
  readonly settings: Pick<AppSettings, 'environment'>;
  readonly clock: Clock;
}): AgeReminder {
  const { core, clock } = deps;
  const log = core.telemetry.log.child({ component: 'secrets' });
  let ages: readonly SecretAge[] = [];
  let cancel: (() => void) | undefined;
  const daysOf = ({ since }: SecretAge) => (clock.now() - since) / DAY_MS;
  const forget = core.telemetry.watchSecretAges(() =>
    ages.map((age) => ({ name: age.name, days: daysOf(age) })),
  );

  const look = async () => {
    try {
      const { store, secrets } = core;
      ages = await noteSecretAges(
        { store, pepper: secrets.apiKeySalt, now: clock.now },
        agedSecrets(core, deps.settings.environment),
      );
    } catch (error) {
      log.warn({ error }, 'The ages of secrets could not be noted.');
    }
    for (const age of ages) {
      if (daysOf(age) >= age.maxDays) {
        const fields = {
          event: 'secret.due',
          what: age.name,
          days: Math.floor(daysOf(age)),
          due_after_days: age.maxDays,
        };
        log.warn(fields, 'A secret should be changed.');
      }
    }
    cancel = clock.after(DAY_MS, () => void look());
  };

  return {
    start: look,
    stop() {
      cancel?.();
      forget();
    },
  };
}

function agedSecrets(
  { secrets }: Pick<Core, 'secrets'>,
  environment: AppSettings['environment'],
): readonly AgedSecret[] {
  const password = databasePassword(environment);
  return [
    ...(password === undefined
      ? []
      : [{ name: 'database password', value: password, maxDays: DATABASE_PASSWORD_DAYS }]),
    { name: 'token-signing secret', value: secrets.tokens.current().value, maxDays: SIGNING_SECRET_DAYS },
  ];
}

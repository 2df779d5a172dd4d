// The process's own secrets: opened, hidden from every record, and followed while another process rotates them.
import type { Clock } from '../clock.ts';
import {
  openProcessSecrets,
  PROCESS_SECRETS_TOPIC,
  type ProcessSecrets,
} from '../secrets/process-secrets.ts';
import { forgetEndedSigning } from '../secrets/rotate-signing.ts';
import type { Store } from '../store/store.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { environmentSecrets } from './secrets.ts';
import type { AppSettings } from './settings.ts';
import { databasePassword } from './store.ts';

/** Throws StateError. */
export function openOwnSecrets(settings: AppSettings, telemetry: Telemetry): ProcessSecrets {
  const { apiKeySalt, sessionSecret, sessionSecretPrevious } = settings.environment;
  const secrets = openProcessSecrets(settings.dataDirectory, {
    ...(apiKeySalt === undefined ? {} : { apiKeySalt }),
    ...(sessionSecret === undefined ? {} : { sessionSecret }),
    ...(sessionSecretPrevious === undefined ? {} : { sessionSecretPrevious }),
  });
  telemetry.redactor.addSecrets(ownSecrets(settings, secrets));
  return secrets;
}

/** What no record may show, whoever writes it. */
export function ownSecrets({ env, environment }: AppSettings, secrets: ProcessSecrets): readonly string[] {
  const password = databasePassword(environment);
  const login = password === undefined ? [] : [password];
  return [...environmentSecrets(env), ...login, ...secrets.values()];
}

/** Old ones that do not count any more leave the file with the next look. */
const FORGET_EVERY_MS = 3_600_000;

/** Reads the file again whenever somebody rotated; returns the way to stop. */
export function followOwnSecrets(deps: {
  readonly secrets: ProcessSecrets;
  readonly store: Pick<Store, 'watch'>;
  readonly clock: Clock;
  readonly telemetry: Pick<Telemetry, 'log' | 'redactor'>;
  readonly audit: { readonly log: { addSecrets(values: Iterable<string>): void } };
  readonly settings: AppSettings;
}): () => void {
  const { secrets, store, clock, telemetry, audit, settings } = deps;
  const log = telemetry.log.child({ component: 'secrets' });
  const attempt = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      log.error(
        { error },
        'The secrets of this process could not be read again; it goes on with those it has.',
      );
    }
  };
  const refresh = (): void =>
    attempt(() => {
      secrets.refresh();
      const own = ownSecrets(settings, secrets);
      telemetry.redactor.addSecrets(own);
      audit.log.addSecrets(own);
    });
  const stopWatching = store.watch(PROCESS_SECRETS_TOPIC, refresh);
  // A rotation between the first reading and the watch was seen by neither.
  refresh();
  let cancel: (() => void) | undefined;
  const look = (): void => {
    attempt(() => forgetEndedSigning(settings.dataDirectory, clock.now()));
    cancel = clock.after(FORGET_EVERY_MS, look);
  };
  look();
  return () => {
    stopWatching();
    cancel?.();
  };
}

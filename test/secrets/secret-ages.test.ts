// The age of secrets: kept by fingerprint, shown as a metric, told every day once it is due.
import { expect, test } from 'vitest';
import { createAgeReminder } from '../../src/app/secret-ages.ts';
import { fixedSecret } from '../../src/secrets/signing-secrets.ts';
import { systemStatement } from '../../src/store/statement.ts';
import type { Store } from '../../src/store/store.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { createKeptLog } from '../support/kept-log.ts';
import { eachStore } from '../support/store.ts';

const DAY_MS = 86_400_000;
const ROWS = systemStatement('test.secrets.ages', 'SELECT * FROM secret_ages');

eachStore(({ openStore }) => {
  test('P24: passwords are due after 90 days and signing secrets after 180, from when they changed', async () => {
    const store = await openStore();
    const clock = createFakeClock();
    const first = reminderOf(store, clock, { password: 'planted-one', signing: 'planted-signing' });
    await first.start();
    expect(first.ages().map(({ name }) => name)).toEqual(['database password', 'token-signing secret']);
    await clock.pass(89 * DAY_MS);
    expect(first.warned()).toEqual([]);
    await clock.pass(2 * DAY_MS);
    await expect.poll(() => first.warned()).toContain('database password');
    expect(first.warned()).not.toContain('token-signing secret');
    first.stop();
    // Changed: its clock begins anew, that of the other goes on.
    const second = reminderOf(store, clock, { password: 'planted-two', signing: 'planted-signing' });
    await second.start();
    const [password, signing] = second.ages();
    expect([password?.days, Math.round(signing?.days ?? 0)]).toEqual([0, 91]);
    await clock.pass(89 * DAY_MS);
    await expect.poll(() => second.warned()).toContain('token-signing secret');
    expect(second.warned()).not.toContain('database password');
    second.stop();
    expect(JSON.stringify(await store.read('system', ROWS, {}))).not.toContain('planted');
  });
});

function reminderOf(
  store: Store,
  clock: ReturnType<typeof createFakeClock>,
  given: { readonly password: string; readonly signing: string },
) {
  const kept = createKeptLog();
  let ages: () => Iterable<{ readonly name: string; readonly days: number }> = () => [];
  const reminder = createAgeReminder({
    core: parseCore({
      store,
      secrets: { apiKeySalt: 'pepper', tokens: fixedSecret(given.signing) },
      telemetry: {
        log: kept.log,
        watchSecretAges(source: typeof ages) {
          ages = source;
          return () => undefined;
        },
      },
    }),
    settings: parseCore({ environment: { databaseUrl: `postgres://shop:${given.password}@db/shop` } }),
    clock,
  });
  return {
    ...reminder,
    ages: () => [...ages()],
    warned: () => kept.lines.flatMap((line) => (line.event === 'secret.due' ? [line.what] : [])),
  };
}

/** Only what the reminder uses. */
function parseCore<Part>(part: object): Part {
  return part as Part;
}

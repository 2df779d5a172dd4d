// Accounts and logins over both stores, with a clock that tests move.
import { expect, test } from 'vitest';
import { createTokenStanding } from '../../src/gate/credential/tokens/token-standing.ts';
import { createTokenTable, type TokenTable } from '../../src/gate/credential/tokens/token-table.ts';
import { type Accounts, createAccounts } from '../../src/gate/login/accounts.ts';
import { createLoginSigner, loginIssuer } from '../../src/gate/login/login-issuer.ts';
import { createLogins, type Logins } from '../../src/gate/login/logins.ts';
import { LOGINS_TOPIC } from '../../src/gate/login/statements.ts';
import { fixedSecret } from '../../src/secrets/signing-secrets.ts';
import { systemStatement } from '../../src/store/statement.ts';
import type { Store } from '../../src/store/store.ts';
import { SILENT_LOG } from '../support/http-endpoint.ts';
import { eachStore } from '../support/store.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const PASSWORD = 'a long password of ada';
const START = Date.UTC(2026, 10, 20);

const wholeTables = ['users', 'user_logins', 'invitations', 'login_attempts'].map((table) =>
  systemStatement(`test.identity_${table}`, `SELECT * FROM ${table}`),
);

interface Desk {
  now: number;
  readonly accounts: Accounts;
  readonly logins: Logins;
  readonly table: TokenTable;
  readonly reused: string[];
}

/** What a server has, without the server. */
function createDesk(store: Store, secrets = fixedSecret('a-session-secret-for-these-tests')): Desk {
  const reused: string[] = [];
  const signer = createLoginSigner(secrets);
  let generation = 0;
  store.watch(LOGINS_TOPIC, () => {
    generation++;
  });
  const now = () => desk.now;
  const logins = createLogins({ store, signer, now, onReuse: ({ email }) => reused.push(email) });
  const desk: Desk = {
    now: START,
    accounts: createAccounts(store, now),
    logins,
    table: createTokenTable({
      issuers: [loginIssuer(signer, logins.current)],
      authenticated: ['tools:*'],
      now,
      log: SILENT_LOG,
      generation: () => generation,
      hasIssuers: false,
      standing: createTokenStanding(() => generation),
    }),
    reused,
  };
  return desk;
}

const ada = { tenantId: 'default', email: 'Ada@Example.com', password: PASSWORD, by: 'test' };

/** The word of the refusal, or `passed`. */
const outcome = (promise: Promise<unknown>) =>
  promise.then(
    () => 'passed',
    (error: { code?: string }) => error.code ?? String(error),
  );

eachStore(({ openStore, createDatabase }) => {
  test('P14: a login gives an access token that is the person, for 30 minutes', async () => {
    const desk = createDesk(await openStore());
    const account = await desk.accounts.create({ ...ada, permissions: ['tools:one', 'admin:users'] });
    const { accessToken, expiresInS } = await desk.logins.logIn('ada@example.COM ', PASSWORD);
    expect(expiresInS).toBe(1800);
    const principal = await desk.table.find(accessToken);
    expect(principal).toMatchObject({
      type: 'token',
      userId: account.id,
      tenantId: 'default',
      permissions: ['tools:one', 'admin:users'],
    });
    expect(desk.table.find(accessToken)).toBe(principal);
    desk.now += 30 * MINUTE - 1;
    expect(await desk.table.find(accessToken)).toBe(principal);
    desk.now += 1;
    expect(await desk.table.find(accessToken)).toBe('expired');
  });

  test('P14: an account without grants gets those of the definition, one with roles only what they grant', async () => {
    const desk = createDesk(await openStore());
    await desk.accounts.create(ada);
    await desk.accounts.create({ ...ada, email: 'bob@example.com', roles: ['nobody-knows-this-role'] });
    const find = async (email: string) =>
      desk.table.find((await desk.logins.logIn(email, PASSWORD)).accessToken);
    expect(await find('ada@example.com')).toMatchObject({ permissions: ['tools:*'], roles: [] });
    expect(await find('bob@example.com')).toMatchObject({
      permissions: [],
      roles: ['nobody-knows-this-role'],
    });
  });

  test('P14: a refresh token is good once and for 7 days; a spent one ends the whole login', async () => {
    const desk = createDesk(await openStore());
    await desk.accounts.create(ada);
    const first = await desk.logins.logIn(ada.email, PASSWORD);
    desk.now += 7 * DAY - 1;
    const second = await desk.logins.refresh(first.refreshToken);
    expect(await desk.table.find(second.accessToken)).toMatchObject({ type: 'token' });
    expect(await outcome(desk.logins.refresh(first.refreshToken))).toBe('unauthenticated');
    expect(desk.reused).toEqual(['ada@example.com']);
    expect(await outcome(desk.logins.refresh(second.refreshToken))).toBe('unauthenticated');
    await expect.poll(() => desk.table.find(second.accessToken)).toBe('disabled');
    const other = await desk.logins.logIn(ada.email, PASSWORD);
    desk.now += 7 * DAY;
    expect(await outcome(desk.logins.refresh(other.refreshToken))).toBe('unauthenticated');
  });

  test('P14: of many that spend one refresh token at once, at most one gets a pair, and it is ended', async () => {
    const desk = createDesk(await openStore());
    await desk.accounts.create(ada);
    const { refreshToken } = await desk.logins.logIn(ada.email, PASSWORD);
    const pairs = await Promise.allSettled(
      Array.from({ length: 20 }, () => desk.logins.refresh(refreshToken)),
    );
    const won = pairs.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(won.length).toBeLessThanOrEqual(1);
    for (const { refreshToken: next } of won)
      expect(await outcome(desk.logins.refresh(next))).toBe('unauthenticated');
  });

  test('P14: logging out ends the login and its access token, and no other login', async () => {
    const desk = createDesk(await openStore());
    await desk.accounts.create(ada);
    const one = await desk.logins.logIn(ada.email, PASSWORD);
    const other = await desk.logins.logIn(ada.email, PASSWORD);
    expect(await desk.table.find(one.accessToken)).toMatchObject({ type: 'token' });
    await desk.logins.logOut(one.refreshToken);
    await expect.poll(() => desk.table.find(one.accessToken)).toBe('disabled');
    expect(await outcome(desk.logins.refresh(one.refreshToken))).toBe('unauthenticated');
    expect(await desk.table.find(other.accessToken)).toMatchObject({ type: 'token' });
    await desk.logins.logOut('qr_nonsense');
  });

  test('P14: switching an account off, or a new password, ends its logins on every replica within a second', async () => {
    const database = await createDatabase();
    const [desk, replica] = [createDesk(await database.open()), createDesk(await database.open())];
    const account = await desk.accounts.create(ada);
    for (const change of [
      () => desk.accounts.setPassword(account, 'another long password'),
      () => desk.accounts.setEnabled(account, false),
    ]) {
      const password = change.toString().includes('setPassword') ? PASSWORD : 'another long password';
      const { accessToken } = await desk.logins.logIn(ada.email, password);
      expect(await replica.table.find(accessToken)).toMatchObject({ type: 'token' });
      await change();
      await expect.poll(() => replica.table.find(accessToken), { timeout: 2000 }).toBe('disabled');
    }
    expect(await outcome(desk.logins.logIn(ada.email, 'another long password'))).toBe('unauthenticated');
    await desk.accounts.setEnabled(account, true);
    expect(await outcome(desk.logins.logIn(ada.email, 'another long password'))).toBe('passed');
  });

  test('P14: five failures in 15 minutes lock the name for 15 minutes, whether it has an account or not', async () => {
    const desk = createDesk(await openStore());
    await desk.accounts.create(ada);
    for (const email of [ada.email, 'nobody@example.com']) {
      for (let failure = 0; failure < 5; failure++)
        expect(await outcome(desk.logins.logIn(email, 'wrong'))).toBe('unauthenticated');
      expect(await outcome(desk.logins.logIn(email, PASSWORD))).toBe('rate_limited');
    }
    desk.now += 15 * MINUTE - 1;
    expect(await outcome(desk.logins.logIn(ada.email, PASSWORD))).toBe('rate_limited');
    desk.now += 1;
    expect(await outcome(desk.logins.logIn(ada.email, PASSWORD))).toBe('passed');
  });

  test('P14: failures further apart, and those before a right password, do not lock', async () => {
    const desk = createDesk(await openStore());
    await desk.accounts.create(ada);
    const fail = () => outcome(desk.logins.logIn(ada.email, 'wrong'));
    for (let round = 0; round < 2; round++) {
      for (let failure = 0; failure < 4; failure++) expect(await fail()).toBe('unauthenticated');
      expect(await outcome(desk.logins.logIn(ada.email, PASSWORD))).toBe('passed');
    }
    for (let round = 0; round < 2; round++) {
      for (let failure = 0; failure < 4; failure++) expect(await fail()).toBe('unauthenticated');
      desk.now += 15 * MINUTE;
    }
  });

  test('P14: forty guesses at once are no more than five', async () => {
    const desk = createDesk(await openStore());
    await desk.accounts.create(ada);
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, (_, guess) => outcome(desk.logins.logIn(ada.email, `guess ${guess}`))),
    );
    expect(outcomes.filter((one) => one !== 'rate_limited')).toEqual(Array(5).fill('unauthenticated'));
  });

  test('P14: an invitation makes one account, for its address, within 7 days, with its grants', async () => {
    const desk = createDesk(await openStore());
    const invite = (email: string) =>
      desk.accounts.invite({ tenantId: 'default', email, permissions: ['tools:one'], by: 'test' });
    const { token } = await invite(ada.email);
    const accept = (invitation: string, email: string) =>
      outcome(desk.accounts.accept(invitation, { email, password: PASSWORD }));
    expect(await accept(token, 'eve@example.com')).toBe('unauthenticated');
    expect(await accept('qi_guessed', ada.email)).toBe('unauthenticated');
    const tries = await Promise.all(Array.from({ length: 5 }, () => accept(token, ada.email)));
    expect(tries.filter((one) => one === 'passed')).toHaveLength(1);
    expect((await desk.accounts.find(ada.email))?.permissions).toEqual(['tools:one']);
    expect(await accept(token, ada.email)).toBe('unauthenticated');
    const late = await invite('bob@example.com');
    desk.now += 7 * DAY;
    expect(await accept(late.token, 'bob@example.com')).toBe('unauthenticated');
  });

  test('P14: weak passwords, malformed addresses and addresses that are taken make no account', async () => {
    const desk = createDesk(await openStore());
    for (const password of ['short', 'elevenchars', 'abcdefgh', 'Abcdefg1', 'x'.repeat(257)])
      expect([password, await outcome(desk.accounts.create({ ...ada, password }))]).toEqual([
        password,
        'invalid_params',
      ]);
    for (const email of ['ada', 'ada@', 'a b@example.com', `${'x'.repeat(250)}@example.com`])
      expect([email, await outcome(desk.accounts.create({ ...ada, email }))]).toEqual([
        email,
        'invalid_params',
      ]);
    expect(await desk.accounts.list()).toEqual([]);
    expect(await outcome(desk.accounts.create({ ...ada, password: 'Abcde-1x' }))).toBe('passed');
    expect(await outcome(desk.accounts.create({ ...ada, email: 'ADA@example.com' }))).toBe('conflict');
  });

  test('N8: neither passwords nor tokens are in the store', async () => {
    const store = await openStore();
    const desk = createDesk(store);
    await desk.accounts.create(ada);
    const { refreshToken, accessToken } = await desk.logins.logIn(ada.email, PASSWORD);
    await outcome(desk.logins.logIn('a-password-typed-as-a-name', 'wrong'));
    const { token } = await desk.accounts.invite({
      tenantId: 'default',
      email: 'bob@example.com',
      by: 'test',
    });
    const rows = await Promise.all(wholeTables.map((statement) => store.read('system', statement, {})));
    expect(rows.map((table) => table.length)).toEqual([1, 1, 1, 1]);
    const kept = JSON.stringify(rows);
    const secret = refreshToken.slice(refreshToken.indexOf('_', 4) + 1);
    for (const one of [PASSWORD, secret, accessToken, token, token.slice(3), 'a-password-typed'])
      expect(kept).not.toContain(one);
  });

  test('P14: a token of a process with another secret is refused', async () => {
    const store = await openStore();
    const [desk, other] = [
      createDesk(store),
      createDesk(store, fixedSecret('another-session-secret-of-a-stranger')),
    ];
    await desk.accounts.create(ada);
    const { accessToken } = await desk.logins.logIn(ada.email, PASSWORD);
    expect(await other.table.find(accessToken)).toBe('invalid');
  });
});

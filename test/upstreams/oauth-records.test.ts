// What is kept of authorizations at upstreams, on both stores: sealed, bound to its place, taken once, kept by rotations.
import { expect, test } from 'vitest';
import { rotateKeys } from '../../src/secrets/rotate-keys.ts';
import { systemStatement } from '../../src/store/statement.ts';
import type { Store } from '../../src/store/store.ts';
import { createOAuthRecords } from '../../src/upstreams/oauth/records.ts';
import { keyText, openSecrets } from '../secrets/key-set.ts';
import { eachStore } from '../support/store.ts';

const ROWS = systemStatement<{ subject: string; value: string }>(
  'test.upstream_oauth.rows',
  'SELECT subject, value FROM upstream_oauth ORDER BY subject',
);
const MOVE = systemStatement(
  'test.upstream_oauth.move',
  'UPDATE upstream_oauth SET value = :value WHERE subject = :subject',
);

const grantOf = (subject: string) => ({ kind: 'grant', place: 'shop/tickets', subject }) as const;
const round = { kind: 'round', place: '', subject: 'state' } as const;

eachStore(({ openStore }) => {
  let time = 1000;
  const open = (store: Store, key = 1) => {
    const { dataKeys, masterKeys } = openSecrets(store, { masterKey: keyText(key) });
    return { masterKeys, records: createOAuthRecords({ store, dataKeys, now: () => time }) };
  };

  test('P24: a record is sealed, belongs to its place, and the youngest grant is found', async () => {
    const store = await openStore();
    const { records } = open(store);
    expect(await records.latestGrant('shop/tickets')).toBeUndefined();
    await records.write(grantOf('ada'), { accessToken: 'token-of-ada' });
    time += 1;
    await records.write(grantOf('bob'), { accessToken: 'token-of-bob' });
    expect(await records.read(grantOf('ada'))).toEqual({ accessToken: 'token-of-ada' });
    expect(await records.latestGrant('shop/tickets')).toMatchObject({ subject: 'bob' });
    const rows = await store.read('system', ROWS, {});
    expect(JSON.stringify(rows)).not.toContain('token-of');
    // Whoever can write rows still cannot give one caller the grant of another.
    await store.write('system', [
      { statement: MOVE, values: { value: rows[0]?.value ?? '', subject: 'bob' } },
    ]);
    expect(await records.read(grantOf('bob'))).toBeUndefined();
  });

  test('a round is taken once, and not after its time', async () => {
    const store = await openStore();
    const { records } = open(store);
    await records.write(round, { verifier: 'v' }, time + 10);
    expect(await records.read(round)).toEqual({ verifier: 'v' });
    expect(await Promise.all([records.remove(round), records.remove(round)])).toEqual(
      expect.arrayContaining([true, false]),
    );
    await records.write(round, { verifier: 'v' }, time + 10);
    time += 10;
    expect(await records.read(round)).toBeUndefined();
  });

  test('P24: a rotation of keys leaves grants readable, and what is written later is sealed by the new key', async () => {
    const store = await openStore();
    const { records, masterKeys } = open(store);
    await records.write(grantOf('ada'), { accessToken: 'token-of-ada' });
    await rotateKeys({ store, masterKeys, now: () => time }, { newDataKey: true });
    expect(await open(store).records.read(grantOf('ada'))).toEqual({ accessToken: 'token-of-ada' });
    await records.write(grantOf('bob'), { accessToken: 'token-of-bob' });
    expect(await open(store).records.read(grantOf('bob'))).toEqual({ accessToken: 'token-of-bob' });
  });
});

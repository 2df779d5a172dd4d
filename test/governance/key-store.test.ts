// Keys and tenants over both stores: what the commands promise, and what the gate sees of it.
import { beforeAll, beforeEach, expect, test } from 'vitest';
import type { Actor } from '../../src/gate/actor.ts';
import type { AuditEvent, AuditLog } from '../../src/gate/audit/audit.ts';
import { createKeyCommands, type KeyCommands } from '../../src/gate/credential/key-commands.ts';
import { startKeyHousekeeping } from '../../src/gate/credential/key-housekeeping.ts';
import { type KeyRing, openKeyRing } from '../../src/gate/credential/key-ring.ts';
import { createKeyTables, type KeyTable } from '../../src/gate/credential/key-table.ts';
import { createAccess } from '../../src/gate/permission/access.ts';
import { createTenantCommands } from '../../src/gate/tenant/tenant-commands.ts';
import { openTenantDirectory, type TenantDirectory } from '../../src/gate/tenant/tenant-directory.ts';
import type { Store } from '../../src/store/store.ts';
import { testDefinition } from '../support/definition.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { eachStore, type TestDatabase } from '../support/store.ts';

const SALT = 'a-salt-for-tests';
const DAY_MS = 24 * 60 * 60 * 1000;
const START = Date.UTC(2026, 10, 20);
const OPERATOR: Actor = { id: 'cli', tenantId: 'default' };
const { permissions } = testDefinition().security;

eachStore((suite) => {
  let database: TestDatabase;
  let store: Store;
  let tenants: TenantDirectory;
  let ring: KeyRing;
  let keys: KeyCommands;
  let now: number;
  let events: (AuditEvent & { readonly durable: boolean })[];
  let failing: boolean;
  const audit: AuditLog = {
    record: (event) => void events.push({ ...event, durable: false }),
    async commit(event) {
      if (failing) throw new Error('the record cannot be written');
      events.push({ ...event, durable: true });
      return { id: String(events.length) };
    },
  };
  const tableOf = (source: KeyRing, more: { salt?: string; previousSalt?: string } = {}): KeyTable =>
    createKeyTables({ definitionKeys: [], permissions, salt: SALT, ...more })(source.keys());
  const enter = (key: string, table = tableOf(ring)) => {
    const found = table.find(key, '127.0.0.1', now);
    return typeof found === 'string' ? found : found.id;
  };

  beforeAll(async () => {
    database = await suite.createDatabase();
    store = await database.open();
    tenants = await openTenantDirectory(store);
    ring = await openKeyRing(store);
    keys = createKeyCommands({
      store,
      tenants,
      salt: SALT,
      now: () => now,
      audit,
      defaults: () => permissions.authenticated,
      changed: ring.refresh,
    });
    return () => {
      ring.close();
      tenants.close();
    };
  });
  beforeEach(() => {
    now = START;
    events = [];
    failing = false;
  });

  test('P12 G1: a key lives from creation over rotation with its overlap to expiry and revocation', async () => {
    const made = await keys.create(OPERATOR, {
      name: 'life',
      permissions: ['tools:x'],
      expiresAt: START + 30 * DAY_MS,
    });
    expect(made.shown).toMatchObject({
      name: 'life',
      state: 'valid',
      tenant_id: 'default',
      created_by: 'cli',
      created_at: '2026-11-20T00:00:00.000Z',
      expiresAt: '2026-12-20T00:00:00.000Z',
      rotated_from: null,
    });
    expect(enter(made.key)).toBe(made.shown.id);
    const next = await keys.rotate(OPERATOR, made.shown.id);
    expect(next.shown).toMatchObject({
      rotated_from: made.shown.id,
      permissions: ['tools:x'],
      state: 'valid',
    });
    expect(next.previous.expiresAt).toBe('2026-11-27T00:00:00.000Z');
    now += 7 * DAY_MS - 1;
    expect([enter(made.key), enter(next.key)]).toEqual([made.shown.id, next.shown.id]);
    now += 1;
    expect([enter(made.key), enter(next.key)]).toEqual(['expired', next.shown.id]);
    now = START + 30 * DAY_MS;
    expect(enter(next.key)).toBe('expired');
    now = START;
    await keys.revoke(OPERATOR, next.shown.id);
    expect(enter(next.key)).toBe('disabled');
    expect((await keys.get(OPERATOR, next.shown.id)).state).toBe('revoked');
  });

  test('P12: an overlap never makes a key live longer, and lies between 0 and 90 days', async () => {
    const { shown } = await keys.create(OPERATOR, { name: 'short', expiresAt: START + DAY_MS });
    const { previous } = await keys.rotate(OPERATOR, shown.id, 90);
    expect(previous.expiresAt).toBe('2026-11-21T00:00:00.000Z');
    for (const days of [-1, 91, 1.5])
      await expect(keys.rotate(OPERATOR, shown.id, days)).rejects.toMatchObject({ code: 'invalid_params' });
  });

  test('P12: a revoked key stays revoked: it cannot be changed, switched on or rotated', async () => {
    const { shown } = await keys.create(OPERATOR, { name: 'gone' });
    await keys.revoke(OPERATOR, shown.id);
    await expect(keys.update(OPERATOR, shown.id, { enabled: true })).rejects.toMatchObject({
      code: 'conflict',
    });
    await expect(keys.rotate(OPERATOR, shown.id)).rejects.toMatchObject({ code: 'conflict' });
    expect((await keys.revoke(OPERATOR, shown.id)).state).toBe('revoked');
    const { shown: off } = await keys.create(OPERATOR, { name: 'off', enabled: false });
    await expect(keys.rotate(OPERATOR, off.id)).rejects.toMatchObject({ code: 'conflict' });
    expect((await keys.update(OPERATOR, off.id, { enabled: true })).state).toBe('valid');
  });

  test('P12: another process on the store sees a new and a revoked key within 5 s', async () => {
    const other = await database.open();
    const replica = await openKeyRing(other);
    const { key, shown } = await keys.create(OPERATOR, { name: 'everywhere' });
    const seen = () => enter(key, tableOf(replica));
    await expect.poll(seen, { timeout: 5000, interval: 20 }).toBe(shown.id);
    await keys.revoke(OPERATOR, shown.id);
    await expect.poll(seen, { timeout: 5000, interval: 20 }).toBe('disabled');
    replica.close();
  });

  test('P12: uses are written down in batches, the latest of several processes counts', async () => {
    const { key, shown } = await keys.create(OPERATOR, { name: 'used' });
    const clock = createFakeClock(START);
    const failures: unknown[] = [];
    const stop = startKeyHousekeeping({
      ring,
      clock,
      warn: () => undefined,
      onFailure: (error) => failures.push(error),
    });
    now = START + 1000;
    enter(key);
    const lastUsed = async () => (await keys.get(OPERATOR, shown.id)).last_used_at;
    expect(await lastUsed()).toBeNull();
    await clock.pass(60_000);
    await expect.poll(lastUsed).toBe('2026-11-20T00:00:01.000Z');
    now = START + 500;
    enter(key);
    await stop();
    expect(await lastUsed()).toBe('2026-11-20T00:00:01.000Z');
    expect(failures).toEqual([]);
  });

  test('P12: while the salt changes a key is known under both, and its hash moves to the new one', async () => {
    const { key, shown } = await keys.create(OPERATOR, { name: 'salted' });
    const salt = 'the-new-salt-of-tests';
    expect(enter(key, tableOf(ring, { salt }))).toBe('invalid');
    expect(enter(key, tableOf(ring, { salt, previousSalt: SALT }))).toBe(shown.id);
    await ring.writeUses();
    await ring.refresh();
    expect(enter(key, tableOf(ring, { salt }))).toBe(shown.id);
    expect(enter(key)).toBe('invalid');
  });

  test('P12: a key older than 90 days is warned of once a day', async () => {
    now = START - 91 * DAY_MS;
    const { shown } = await keys.create(OPERATOR, { name: 'aged' });
    now = START;
    events = [];
    const clock = createFakeClock(START);
    const warned: string[] = [];
    const stop = startKeyHousekeeping({
      ring,
      clock,
      audit,
      warn: ({ id }) => warned.push(id),
      onFailure: (error) => expect.unreachable(String(error)),
    });
    const due = () => events.filter(({ resourceId }) => resourceId === shown.id);
    expect([warned, due()]).toMatchObject([
      [shown.id],
      [{ action: 'key.rotation_due', result: 'warning', metadata: { age_days: 91 } }],
    ]);
    await clock.pass(DAY_MS);
    expect(due()).toHaveLength(2);
    await stop();
    await keys.revoke(OPERATOR, shown.id);
  });

  test('P21: every change is in the record with before and after, and without a record nothing changes', async () => {
    const { shown } = await keys.create(
      { ...OPERATOR, onBehalfOf: 'ada' },
      { name: 'recorded', roles: ['guest'] },
    );
    await keys.update(OPERATOR, shown.id, { roles: ['readonly'] });
    const next = await keys.rotate(OPERATOR, shown.id, 1);
    await keys.revoke(OPERATOR, shown.id);
    expect(events).toMatchObject([
      {
        eventType: 'key.created',
        resourceId: shown.id,
        durable: true,
        changes: { after: { name: 'recorded' } },
        metadata: { on_behalf_of: 'ada' },
      },
      { action: 'update', changes: { before: { roles: ['guest'] }, after: { roles: ['readonly'] } } },
      { eventType: 'key.rotated', changes: { after: { key: next.shown.id, overlap_days: 1 } } },
      { eventType: 'key.revoked', resourceId: shown.id, userId: 'cli' },
    ]);
    expect(JSON.stringify(events)).not.toContain(next.key);
    failing = true;
    const before = await keys.listEverywhere();
    await expect(keys.create(OPERATOR, { name: 'unrecorded' })).rejects.toThrow('cannot be written');
    await expect(keys.revoke(OPERATOR, next.shown.id)).rejects.toThrow('cannot be written');
    expect(await keys.listEverywhere()).toEqual(before);
  });

  test('P12 P16: a key of another tenant does not exist', async () => {
    const commands = createTenantCommands({ store, tenants, now: () => now });
    const other = await commands.create(OPERATOR, `other-${suite.kind}`, {});
    const actor: Actor = { id: 'k', tenantId: other.id, tenants: [other.id] };
    const mine = await keys.create(OPERATOR, { name: 'mine' });
    const { shown: theirs } = await keys.create(actor, { name: 'theirs' });
    for (const attempt of [
      () => keys.get(actor, mine.shown.id),
      () => keys.update(actor, mine.shown.id, { name: 'taken' }),
      () => keys.rotate(actor, mine.shown.id),
      () => keys.revoke(actor, mine.shown.id),
    ])
      await expect(attempt()).rejects.toMatchObject({ code: 'not_found' });
    expect((await keys.list(actor)).map(({ id }) => id)).toEqual([theirs.id]);
    expect(enter(mine.key)).toBe(mine.shown.id);
    await expect(keys.create(actor, { name: 'wide', tenants: ['default'] })).rejects.toMatchObject({
      code: 'invalid_params',
    });
  });

  test('P15: nobody hands on more than it has', async () => {
    const actorWith = (own: readonly string[], roles: readonly string[] = []): Actor => ({
      id: 'k',
      tenantId: 'default',
      tenants: ['default'],
      access: createAccess(
        { type: 'key', id: 'k', name: 'k', tenantId: 'default', roles, permissions: own },
        permissions,
      ),
    });
    const limited = actorWith(['admin:keys', 'tools:x', 'tools:list']);
    const refused = async (actor: Actor, input: { permissions?: string[]; roles?: string[] }) =>
      expect(keys.create(actor, { name: 'more', ...input })).rejects.toMatchObject({ code: 'forbidden' });
    expect(
      (await keys.create(limited, { name: 'less', permissions: ['tools:x', '!tools:list'] })).shown.name,
    ).toBe('less');
    await refused(limited, { permissions: ['tools:y'] });
    await refused(limited, { permissions: ['tools:*'] });
    await refused(limited, { permissions: ['read'] });
    await refused(limited, { roles: ['admin'] });
    await refused(limited, { roles: ['guest'] });
    await refused(limited, {});
    const holed = actorWith(['*:*', '!tools:drop']);
    await refused(holed, { permissions: ['tools:*'] });
    await refused(holed, { permissions: ['tools:drop'] });
    await keys.create(holed, { name: 'with the hole', permissions: ['tools:*', '!tools:drop'] });
    const { shown: strong } = await keys.create(OPERATOR, { name: 'strong', permissions: ['*:*'] });
    await expect(keys.rotate(limited, strong.id)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(keys.update(limited, strong.id, { permissions: ['tools:x'] })).rejects.toMatchObject({
      code: 'forbidden',
    });
    await expect(keys.rotate(actorWith([], ['admin']), strong.id)).resolves.toMatchObject({
      shown: { name: 'strong' },
    });
  });

  test('P16: tenants are unique by slug, the default one stays, and a change is seen by all', async () => {
    const commands = createTenantCommands({ store, tenants, now: () => now });
    const slug = `acme-${suite.kind}`;
    const made = await commands.create(OPERATOR, slug, { contactEmail: 'ops@acme.example' });
    expect(made).toMatchObject({ slug, name: slug, contact_email: 'ops@acme.example', is_active: true });
    await expect(commands.create(OPERATOR, slug, {})).rejects.toMatchObject({ code: 'conflict' });
    for (const wrong of ['Acme', '-a', 'a-', 'a_b', '', '2f0b8f64-5b7e-4b0e-9c36-3f1f1d1d1d1d'])
      await expect(commands.create(OPERATOR, wrong, {})).rejects.toMatchObject({ code: 'invalid_params' });
    await expect(commands.create(OPERATOR, `${slug}-2`, { contactEmail: 'nobody' })).rejects.toMatchObject({
      data: { field: 'contact_email' },
    });
    await expect(commands.update(OPERATOR, 'default', { isActive: false })).rejects.toMatchObject({
      code: 'invalid_params',
    });
    await expect(commands.update(OPERATOR, 'nobody', {})).rejects.toMatchObject({ code: 'not_found' });
    const other = await openTenantDirectory(await database.open());
    await commands.update(OPERATOR, made.id, { isActive: false, settings: { seats: 3 } });
    await expect
      .poll(() => other.find(slug), { timeout: 5000, interval: 20 })
      .toMatchObject({ isActive: false, settings: { seats: 3 }, contactEmail: 'ops@acme.example' });
    other.close();
    const stranger: Actor = { id: 'k', tenantId: made.id, tenants: [made.id] };
    expect((await commands.list(stranger)).map((tenant) => tenant.slug)).toEqual([slug]);
    await expect(commands.update(stranger, slug, { isActive: true })).rejects.toMatchObject({
      code: 'forbidden',
    });
    await expect(commands.create(stranger, `${slug}-3`, {})).rejects.toMatchObject({ code: 'forbidden' });
  });
});

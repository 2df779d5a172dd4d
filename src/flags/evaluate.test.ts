import { expect, test } from 'vitest';
import { bucketOf, compileFlag, constantValue } from './evaluate.ts';
import { EMPTY_FLAG, type Flag, type FlagSubject } from './flag.ts';

const flag = (settings: Partial<Flag>): Flag => ({
  ...EMPTY_FLAG,
  key: 'probe',
  source: 'stored',
  ...settings,
});
const ADA: FlagSubject = {
  tenantId: 'default',
  tenantSlug: 'default',
  userId: 'ada',
  keyId: 'k1',
  keyName: 'ci',
};
const users = (count: number): FlagSubject[] =>
  Array.from({ length: count }, (_, index) => ({ tenantId: `t${index % 7}`, userId: `user-${index}` }));

/** What decides, from the strongest to the weakest: each row gives way to the one above it. */
const ROWS: readonly [what: string, settings: Partial<Flag>, value: boolean, reason: string][] = [
  [
    'the off-switch beats everything',
    { enabled: false, users: ['ada'], percent: 100, default: true },
    false,
    'DISABLED',
  ],
  [
    'elsewhere only the default holds',
    { environments: ['production'], users: ['ada'], percent: 100 },
    false,
    'DEFAULT',
  ],
  ['elsewhere, default on', { environments: ['production'], default: true }, true, 'DEFAULT'],
  ['the environment alone', { environments: ['staging'] }, true, 'TARGETING_MATCH'],
  [
    'the environment with a list that does not fit',
    { environments: ['staging'], users: ['eve'] },
    false,
    'DEFAULT',
  ],
  ['a listed user', { users: ['ada'], percent: 0 }, true, 'TARGETING_MATCH'],
  ['a listed tenant by id', { tenants: ['default'] }, true, 'TARGETING_MATCH'],
  ['a listed key by id', { keys: ['k1'] }, true, 'TARGETING_MATCH'],
  ['a listed key by name', { keys: ['ci'] }, true, 'TARGETING_MATCH'],
  ['another user', { users: ['eve'] }, false, 'DEFAULT'],
  ['everybody', { percent: 100 }, true, 'SPLIT'],
  ['nobody', { percent: 0 }, false, 'DEFAULT'],
  ['nothing said', {}, false, 'DEFAULT'],
  ['nothing said, default on', { default: true }, true, 'DEFAULT'],
];

for (const [what, settings, value, reason] of ROWS) {
  test(`P26 off-switch, lists, percent, default, in this order: ${what}`, () => {
    const evaluate = compileFlag(flag(settings), 'staging');
    expect(evaluate(ADA)).toEqual({ value, reason });
    // What is said to hold for everybody holds for her too.
    const constant = constantValue(flag(settings), 'staging');
    if (constant !== undefined) expect(constant).toEqual({ value, reason });
  });
}

test('P26 P16: users and keys of another tenant are named with it; the name alone is the operator’s own', () => {
  const elsewhere: FlagSubject = { ...ADA, tenantId: 'id-of-acme', tenantSlug: 'acme', keyId: 'k2' };
  const isOn = (settings: Partial<Flag>) => compileFlag(flag(settings), 'staging')(elsewhere).value;
  expect([isOn({ users: ['ada'] }), isOn({ keys: ['ci'] }), isOn({ users: ['umbra/ada'] })]).toEqual([
    false,
    false,
    false,
  ]);
  for (const settings of [
    { users: ['acme/ada'] },
    { users: ['id-of-acme/ada'] },
    { keys: ['acme/ci'] },
    { keys: ['k2'] },
    { tenants: ['acme'] },
    { tenants: ['id-of-acme'] },
  ])
    expect([settings, isOn(settings)]).toEqual([settings, true]);
});

test('P26 G14: from 10 to 25 % everybody of the first group stays in, and the shares are right', () => {
  const all = users(10_000);
  const groupAt = (percent: number) => {
    const evaluate = compileFlag(flag({ percent }), 'staging');
    return new Set(all.filter((subject) => evaluate(subject).value));
  };
  const [ten, quarter] = [groupAt(10), groupAt(25)];
  expect(ten.size).toBeGreaterThan(900);
  expect(ten.size).toBeLessThan(1100);
  expect(quarter.size).toBeGreaterThan(2350);
  expect(quarter.size).toBeLessThan(2650);
  expect([...ten].filter((subject) => !quarter.has(subject))).toEqual([]);
  for (let percent = 0; percent < 100; percent += 7) {
    const [less, more] = [groupAt(percent), groupAt(percent + 7)];
    expect([...less].filter((subject) => !more.has(subject))).toEqual([]);
  }
});

test('P26: the same subject always gets the same answer, and two flags do not share their first group', () => {
  for (const subject of users(200))
    expect(bucketOf('a', subject, 'user')).toBe(bucketOf('a', { ...subject }, 'user'));
  // Pinned: another hash would move everybody into or out of flags that are on for a share.
  expect(bucketOf('new-search', { tenantId: 't1', userId: 'ada' }, 'user')).toBe(
    bucketOf('new-search', { tenantId: 't1', userId: 'ada', keyId: 'k9' }, 'user'),
  );
  const [one, other] = ['a', 'b'].map(
    (key) =>
      new Set(
        users(5000)
          .filter((who) => bucketOf(key, who, 'user') < 1000)
          .map(({ userId }) => userId),
      ),
  );
  const both = [...(one ?? [])].filter((id) => other?.has(id));
  expect(both.length).toBeLessThan(150);
});

test('a share of tenants is decided for all of a tenant at once, a share of users tells tenants apart', () => {
  const of = (tenantId: string, userId: string, by: 'user' | 'tenant') =>
    bucketOf('probe', { tenantId, userId }, by);
  expect(of('t1', 'ada', 'tenant')).toBe(of('t1', 'eve', 'tenant'));
  expect(of('t1', 'ada', 'user')).not.toBe(of('t2', 'ada', 'user'));
});

test('an evaluation costs less than 50 microseconds', () => {
  const evaluate = compileFlag(
    flag({ percent: 37, users: users(1000).map(({ userId = '' }) => userId) }),
    'x',
  );
  const subjects = users(20_000);
  const startedAt = performance.now();
  for (const subject of subjects) evaluate(subject);
  expect(((performance.now() - startedAt) * 1000) / subjects.length).toBeLessThan(50);
});

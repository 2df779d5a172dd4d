// `${secret:aws:...}` and `${secret:vault:...}` against stand-ins that check signature and token.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { SecretOutcome } from '../../src/definition/secret-reference.ts';
import { createEgress, type Egress } from '../../src/egress/egress.ts';
import { readFromAws } from '../../src/secrets/managers/aws.ts';
import { readFromVault } from '../../src/secrets/managers/vault.ts';
import { createSecretResolver } from '../../src/secrets/resolve-secrets.ts';
import { createRecordingLog, type LocalServer } from '../http-handler/local-server.ts';
import { AWS_KEYS, startAws, startVault, VAULT_TOKEN } from './stand-ins.ts';

const awsSecrets = new Map([
  ['shop/db', JSON.stringify({ password: 'from-aws', port: 5432 })],
  ['plain', 'just text'],
  ['binary', ''],
]);
const vaultSecrets = new Map([['shop/db', { password: 'from-vault', nested: { a: 1 } }]]);

let aws: LocalServer;
let vault: LocalServer;
let egress: Egress;
beforeAll(async () => {
  [aws, vault] = await Promise.all([startAws(awsSecrets), startVault(vaultSecrets)]);
  egress = createEgress({ allow: '', log: createRecordingLog().log });
});
afterAll(() => Promise.all([aws.close(), vault.close(), egress.close()]));
afterEach(() => {
  aws.seen.length = 0;
});

interface Changes {
  readonly secret?: string;
  readonly token?: string;
  readonly vaultAddress?: string;
}

async function resolveAll(
  references: readonly string[],
  changes: Changes = {},
): Promise<readonly SecretOutcome[]> {
  const resolve = createSecretResolver({
    store: async (name) => (name === 'known' ? 'from-the-store' : undefined),
    aws: readFromAws(
      {
        region: 'eu-central-1',
        accessKeyId: AWS_KEYS.id,
        secretAccessKey: changes.secret ?? AWS_KEYS.secret,
        sessionToken: AWS_KEYS.token,
        endpoint: aws.url,
      },
      egress,
      () => new Date(),
    ),
    vault: readFromVault(
      { address: changes.vaultAddress ?? `${vault.url}/`, token: changes.token ?? VAULT_TOKEN },
      egress,
    ),
  });
  const found = await resolve(new Set(references));
  return references.map((reference) => found.get(reference) ?? { problem: 'no outcome', fix: '' });
}

test('P24: fields, texts and whole objects of both managers', async () => {
  expect(
    await resolveAll([
      'known',
      'aws:shop/db#password',
      'aws:shop/db#port',
      'aws:plain',
      'vault:kv/shop/db#password',
    ]),
  ).toEqual([
    { value: 'from-the-store' },
    { value: 'from-aws' },
    { value: '5432' },
    { value: 'just text' },
    { value: 'from-vault' },
  ]);
  expect(await resolveAll(['vault:kv/shop/db'])).toEqual([
    { value: JSON.stringify(vaultSecrets.get('shop/db')) },
  ]);
});

test('P24: a secret is read once per load, however often it is named', async () => {
  await resolveAll(['aws:shop/db#password', 'aws:shop/db#port', 'aws:shop/db']);
  expect(aws.seen).toHaveLength(1);
});

test.each([
  ['unknown', {}, /not in the secret store/],
  ['aws:missing#x', {}, /AWS Secrets Manager answered with status 400/],
  ['aws:shop/db#missing', {}, /has no field "missing"/],
  ['aws:plain#x', {}, /text without fields/],
  ['aws:binary', {}, /binary/],
  ['aws:shop/db#password', { secret: 'wrong' }, /status 403/],
  ['vault:kv/shop/db#password', { token: 'wrong' }, /Vault answered with status 403/],
  ['vault:kv/missing#x', {}, /status 404/],
  ['vault:kv/shop/db#nested', {}, /has no field "nested"/],
  ['vault:kv/shop/db#password', { vaultAddress: 'http://127.0.0.1:1' }, /was not reached \(/],
] as const)('%s with %j is an outcome that says why', async (reference, changes: Changes, message) => {
  const [outcome] = await resolveAll([reference], changes);
  expect(outcome).toMatchObject({ problem: expect.stringMatching(message), fix: expect.stringMatching(/./) });
  expect(JSON.stringify(outcome)).not.toMatch(/from-aws|from-vault|stand-in/);
});

test('without settings the outcome names the variables', async () => {
  const resolve = createSecretResolver({
    store: async () => undefined,
    aws: readFromAws({}, egress, () => new Date()),
    vault: readFromVault({}, egress),
  });
  const found = await resolve(new Set(['aws:a', 'vault:kv/a']));
  expect([...found.values()].map((one) => ('fix' in one ? one.fix : ''))).toEqual([
    expect.stringContaining('AWS_ACCESS_KEY_ID'),
    expect.stringContaining('VAULT_TOKEN'),
  ]);
});

import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openProcessSecrets } from './process-secrets.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'quayside-secrets-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

test('secrets are made once, kept privately and found again', () => {
  const data = join(directory, 'data');
  const first = openProcessSecrets(data, {});
  expect(Buffer.from(first.apiKeySalt, 'base64url')).toHaveLength(32);
  expect(openProcessSecrets(data, {}).values()).toEqual(first.values());
  expect(statSync(join(data, 'secrets.json')).mode & 0o777).toBe(0o600);
});

test('the environment wins over the file', () => {
  const first = openProcessSecrets(directory, {});
  const given = openProcessSecrets(directory, { apiKeySalt: 'given' });
  expect([given.apiKeySalt, given.session.current()]).toEqual(['given', first.session.current()]);
  const all = openProcessSecrets(directory, { sessionSecret: 'given', sessionSecretPrevious: 'before' });
  expect(all.apiKeySalt).toBe(first.apiKeySalt);
  for (const { current, accepted } of [all.session, all.tokens]) {
    expect(current().value).toBe('given');
    expect(accepted().map(({ value }) => value)).toEqual(['given', 'before']);
  }
});

test('a damaged file is reported, never replaced', () => {
  writeFileSync(join(directory, 'secrets.json'), '{"apiKeySalt":1}');
  expect(() => openProcessSecrets(directory, {})).toThrow(/secrets\.json is damaged/);
});

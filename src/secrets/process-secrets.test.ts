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
  expect(openProcessSecrets(data, {})).toEqual(first);
  expect(statSync(join(data, 'secrets.json')).mode & 0o777).toBe(0o600);
});

test('the environment wins over the file', () => {
  const first = openProcessSecrets(directory, {});
  expect(openProcessSecrets(directory, { apiKeySalt: 'given' })).toEqual({ ...first, apiKeySalt: 'given' });
});

test('a damaged file is reported, never replaced', () => {
  writeFileSync(join(directory, 'secrets.json'), '{"apiKeySalt":1}');
  expect(() => openProcessSecrets(directory, {})).toThrow(/secrets\.json is damaged/);
});

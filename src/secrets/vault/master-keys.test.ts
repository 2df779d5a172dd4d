import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openProcessSecrets } from '../process-secrets.ts';
import { StateError } from '../state-error.ts';
import { type MasterKeySettings, openMasterKeys } from './master-keys.ts';

const key = (byte: number) => Buffer.alloc(32, byte).toString('base64');

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'quayside-master-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const open = (settings: Partial<MasterKeySettings> = {}) =>
  openMasterKeys({ dataDirectory: directory, production: false, ...settings });
const idOf = async (text: string) => (await open({ masterKey: text }).current())?.id ?? '';

test('the environment gives the current key and the previous one', async () => {
  const keys = open({ masterKey: key(1), masterKeyPrevious: key(2) });
  expect((await keys.current())?.id).toBe(await idOf(key(1)));
  expect(await keys.find(await idOf(key(2)))).toBeDefined();
  expect(await keys.find('0000000000000000')).toBeUndefined();
  expect(keys.generateNext()).toBe(false);
});

test('an id tells keys apart and is no part of the key', async () => {
  expect(await idOf(key(1))).not.toBe(await idOf(key(2)));
  expect(await idOf(key(1))).toMatch(/^[0-9a-f]{16}$/);
});

test('a file is read again when a key is not known, so that a rotation needs no restart', async () => {
  const file = join(directory, 'master');
  writeFileSync(file, `${key(1)}\n`);
  const keys = open({ masterKeyFile: file });
  expect((await keys.current())?.id).toBe(await idOf(key(1)));
  writeFileSync(file, `${key(2)}\n\n${key(1)}\n`);
  expect(await keys.find(await idOf(key(2)))).toBeDefined();
  expect((await keys.current())?.id).toBe(await idOf(key(2)));
});

test('a command prints the key; its failure names the program and nothing that it printed', async () => {
  const program = join(directory, 'kms');
  writeFileSync(program, `#!/bin/sh\necho ${key(3)}\n`);
  chmodSync(program, 0o700);
  expect((await open({ masterKeyCommand: `${program} decrypt` }).current())?.id).toBe(await idOf(key(3)));
  writeFileSync(program, '#!/bin/sh\necho planted-output; echo planted-error >&2; exit 3\n');
  const failure = await open({ masterKeyCommand: program })
    .current()
    .catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(StateError);
  expect(String(failure)).toContain('(3)');
  expect(`${failure} ${JSON.stringify(failure)}`).not.toContain('planted');
  await expect(open({ masterKeyCommand: '/nowhere/kms' }).current()).rejects.toThrow(/ENOENT/);
});

test('without one it is made once, privately, and other secrets of the file stay', async () => {
  const made = await open().current();
  expect((await open().current())?.id).toBe(made?.id);
  expect(statSync(join(directory, 'secrets.json')).mode & 0o777).toBe(0o600);
  const own = openProcessSecrets(directory, {});
  expect((await open().current())?.id).toBe(made?.id);
  expect(openProcessSecrets(directory, {}).values()).toEqual(own.values());
});

test('a generated key is replaced while the old one stays readable, then the old one goes', async () => {
  const keys = open();
  const [first] = [await keys.current()];
  expect(keys.generateNext()).toBe(true);
  const second = await keys.current();
  expect(second?.id).not.toBe(first?.id);
  expect(await keys.find(first?.id ?? '')).toBeDefined();
  keys.forgetPrevious();
  expect(await keys.find(first?.id ?? '')).toBeUndefined();
  expect((await keys.current())?.id).toBe(second?.id);
});

test('production makes no key', async () => {
  expect(await open({ production: true }).current()).toBeUndefined();
});

test.each([
  ['a short key', { masterKey: 'c2hvcnQ=' }, /QUAYSIDE_MASTER_KEY: must be 32 bytes/],
  ['a missing file', { masterKeyFile: '/nowhere/key' }, /ENOENT/],
])('%s is refused by name', async (_, settings, message) => {
  await expect(open(settings).current()).rejects.toThrow(message);
});

test('two sources are refused', () => {
  expect(() => open({ masterKey: key(1), masterKeyFile: '/x' })).toThrow(
    /QUAYSIDE_MASTER_KEY and QUAYSIDE_MASTER_KEY_FILE/,
  );
});

test('a damaged file is reported, never replaced', async () => {
  writeFileSync(join(directory, 'secrets.json'), '{"masterKeys":"x"}');
  await expect(open().current()).rejects.toThrow(/secrets\.json is damaged/);
  expect(readFileSync(join(directory, 'secrets.json'), 'utf8')).toBe('{"masterKeys":"x"}');
});

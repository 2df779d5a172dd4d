import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openProcessSecrets } from './process-secrets.ts';
import { forgetEndedSigning, rotateSigning } from './rotate-signing.ts';
import type { SigningUse } from './signing-file.ts';

const HOUR_MS = 3_600_000;
const START = Date.UTC(2026, 10, 20);

let directory: string;
let now: number;
let told: number;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'quayside-signing-'));
  now = START;
  told = 0;
});
afterEach(() => rmSync(directory, { recursive: true }));

const open = () => openProcessSecrets(directory, {}, () => now);
const file = () => readFileSync(join(directory, 'secrets.json'), 'utf8');
const rotate = (use: SigningUse = 'session', graceMs = 24 * HOUR_MS) =>
  rotateSigning({
    dataDirectory: directory,
    use,
    graceMs,
    now,
    announce: async () => {
      told++;
    },
  });

test('P24: a new secret is known before it signs, and the old one counts for its grace and no longer', async () => {
  const running = open();
  const old = running.session.current().value;
  const { signsFrom, oldUntil } = await rotate();
  expect([signsFrom > now, oldUntil, told]).toEqual([true, signsFrom + 24 * HOUR_MS, 1]);
  expect(running.session.accepted().map(({ value }) => value)).toEqual([old]);
  running.refresh();
  const [made] = running.session.accepted();
  expect(running.session.accepted().map(({ value }) => value)).toEqual([made?.value, old]);
  expect(made?.value).not.toBe(old);
  expect(running.session.current().value).toBe(old);
  now = signsFrom;
  expect(running.session.current()).toBe(made);
  expect(open().session.current()).toEqual(made);
  now = oldUntil - 1;
  expect(open().session.accepted()).toHaveLength(2);
  now = oldUntil;
  for (const one of [running, open()]) expect(one.session.accepted()).toEqual([made]);
  expect(file()).toContain(old);
  forgetEndedSigning(directory, now);
  expect(file()).not.toContain(old);
  expect(open().session.accepted()).toEqual([made]);
});

test('P24: tokens are signed with the secret of sessions until they get one of their own', async () => {
  const running = open();
  expect(running.tokens.current()).toBe(running.session.current());
  const first = running.session.current().value;
  now = (await rotate('session')).signsFrom;
  running.refresh();
  const second = running.tokens.current().value;
  expect([second, second]).toEqual([running.session.current().value, expect.not.stringMatching(first)]);
  now = (await rotate('tokens')).signsFrom;
  running.refresh();
  expect(running.session.current().value).toBe(second);
  const values = running.tokens.accepted().map(({ value }) => value);
  expect(values.slice(1)).toEqual([second, first]);
  expect(running.values()).toEqual(expect.arrayContaining([first, second, ...values]));
  now = (await rotate('session')).signsFrom;
  running.refresh();
  expect(running.tokens.current().value).toBe(values[0]);
});

test('P24: a rotation without a grace ends every older secret', async () => {
  const running = open();
  for (let count = 0; count < 8; count++) now = (await rotate()).signsFrom;
  const before = file();
  await expect(rotate()).rejects.toThrow('8 old ones still count; wait, or end them all with --grace 0.');
  expect(file()).toBe(before);
  now = (await rotate('session', 0)).signsFrom;
  running.refresh();
  expect(running.session.accepted()).toEqual([running.session.current()]);
});

test('P24: a rotation that fails leaves the file as it was', async () => {
  await expect(rotate()).rejects.toThrow('There is nothing to rotate yet');
  open();
  const before = file();
  const announce = () => Promise.reject(new Error('the store is away'));
  for (const use of ['session', 'tokens'] as const) {
    await expect(
      rotateSigning({ dataDirectory: directory, use, graceMs: HOUR_MS, now, announce }),
    ).rejects.toThrow('the store is away');
    expect(JSON.parse(file())).toEqual(JSON.parse(before));
  }
  await rotate();
  const rotated = file();
  await expect(rotate()).rejects.toThrow('rotated a moment ago');
  expect(file()).toBe(rotated);
});

test.each([
  '{"apiKeySalt":"a","sessionSecret":"b","sessionRotation":1}',
  '{"apiKeySalt":"a","sessionSecret":"b","sessionRotation":{"since":1,"previous":[{"value":1,"until":2}]}}',
  '{"apiKeySalt":"a","sessionSecret":"b","tokenSecret":7}',
])('a damaged file is reported, and what runs goes on: %s', async (text) => {
  const running = open();
  const known = running.session.current();
  writeFileSync(join(directory, 'secrets.json'), text);
  expect(() => running.refresh()).toThrow(/secrets\.json is damaged/);
  expect(running.session.current()).toBe(known);
  await expect(rotate(text.includes('token') ? 'tokens' : 'session')).rejects.toThrow(/is damaged/);
  expect(file()).toBe(text);
});

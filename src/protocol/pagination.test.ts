import { expect, test } from 'vitest';
import { ANONYMOUS, handMadeServer, text } from '../../test/support/hand-made-plan.ts';
import { fixedSecret, type SigningRing, signingSecrets } from '../secrets/signing-secrets.ts';
import { createLists } from './lists.ts';
import { createCursor, PAGE_SIZE, parseCursor } from './pagination.ts';

const SECRET = fixedSecret('a'.repeat(32));
const SCOPE = { slug: 'a', version: '1', method: 'tools/list' };

test('a cursor leads back to its offset, and nowhere else', () => {
  const cursor = createCursor(SECRET, SCOPE, 400);
  expect(parseCursor(SECRET, SCOPE, cursor)).toBe(400);
  expect(parseCursor(SECRET, SCOPE, undefined)).toBe(0);
  for (const scope of [
    { ...SCOPE, slug: 'b' },
    { ...SCOPE, version: '2' },
    { ...SCOPE, method: 'prompts/list' },
  ]) {
    expect(() => parseCursor(SECRET, scope, cursor)).toThrow('Invalid cursor');
  }
  expect(() => parseCursor(fixedSecret('b'.repeat(32)), SCOPE, cursor)).toThrow('Invalid cursor');
});

test('forged and malformed cursors are refused', () => {
  const signature = createCursor(SECRET, SCOPE, 200).split('.')[1];
  for (const cursor of [
    '',
    'x',
    '200',
    `1.${signature}`,
    `-1.${signature}`,
    `zzzzzzzzz.${signature}`,
    7,
    null,
    {},
  ]) {
    expect(() => parseCursor(SECRET, SCOPE, cursor)).toThrow('Invalid cursor');
  }
});

test('a list of 450 tools comes in three pages, in order, the same object each time', () => {
  const names = Array.from({ length: 450 }, (_, index) => `t${index}`);
  const server = handMadeServer({
    tools: Object.fromEntries(names.map((name) => [name, { run: () => text('') }])),
  });
  const lists = createLists(SECRET);
  const visible = server.visibleTo(ANONYMOUS);
  const seen: string[] = [];
  let cursor: unknown;
  for (let pages = 1; ; pages++) {
    const page = lists.page(server, 'tools/list', visible, cursor);
    expect(lists.page(server, 'tools/list', visible, cursor)).toBe(page);
    seen.push(...(page.tools as { name: string }[]).map(({ name }) => name));
    cursor = page.nextCursor;
    if (cursor !== undefined) continue;
    expect(pages).toBe(Math.ceil(450 / PAGE_SIZE));
    break;
  }
  expect(seen).toEqual(names);
});

test('P24: a cursor that an older secret signed continues as long as that one counts, and new pages end with a new one', () => {
  const [old, next] = [{ value: 'a'.repeat(32) }, { value: 'b'.repeat(32) }];
  let now = 0;
  let ring: SigningRing = { newest: old, since: 0, previous: [] };
  const secrets = signingSecrets(
    () => ring,
    () => now,
  );
  const tools = Object.fromEntries(
    Array.from({ length: 250 }, (_, index) => [`t${index}`, { run: () => text('') }]),
  );
  const server = handMadeServer({ tools });
  const visible = server.visibleTo(ANONYMOUS);
  const lists = createLists(secrets);
  const first = lists.page(server, 'tools/list', visible, undefined);
  ring = { newest: next, since: 10, previous: [{ ...old, until: 20 }] };
  // Known to all, but nobody signs with it yet.
  expect(lists.page(server, 'tools/list', visible, undefined).nextCursor).toBe(first.nextCursor);
  now = 10;
  const second = lists.page(server, 'tools/list', visible, undefined);
  expect(second.nextCursor).not.toBe(first.nextCursor);
  expect(lists.page(server, 'tools/list', visible, first.nextCursor).tools).toHaveLength(50);
  now = 20;
  expect(() => lists.page(server, 'tools/list', visible, first.nextCursor)).toThrow('Invalid cursor');
  expect(lists.page(server, 'tools/list', visible, second.nextCursor).tools).toHaveLength(50);
});

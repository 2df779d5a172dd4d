import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { QuaysideError } from '../../errors.ts';
import type { Outcome } from '../../tool.ts';
import { decodeOutcome, encodeOutcome } from './stored-outcome.ts';

const textResult = (text: string): Outcome => ({ ok: true, result: { content: [{ type: 'text', text }] } });

test('P20: an outcome comes back as it went, members in their order', async () => {
  const result = {
    content: [{ type: 'text', text: 'é\u0000\ud83d\ude00' }],
    structuredContent: { z: 1, a: [null] },
  };
  const stored = await encodeOutcome({ ok: true, result });
  expect([stored.status, stored.encoding]).toEqual(['completed', 'json']);
  const decoded = await decodeOutcome(stored);
  expect(JSON.stringify(decoded)).toBe(JSON.stringify({ ok: true, result }));
});

test('P20: failures are kept as failures: results with isError and refusals of the table', async () => {
  const failed = await encodeOutcome({ ok: true, result: { content: [], isError: true } });
  expect(failed.status).toBe('failed');
  const refused = await encodeOutcome({
    ok: false,
    error: new QuaysideError('not_found', { data: { a: 1 } }),
  });
  expect(refused.status).toBe('failed');
  expect(await decodeOutcome(refused)).toMatchObject({
    ok: false,
    error: { code: 'not_found', data: { a: 1 } },
  });
});

test('P20: what nobody may see of an unexpected error is not kept', async () => {
  const stored = await encodeOutcome({ ok: false, error: new Error('/etc/secret') });
  expect(stored.text).not.toContain('secret');
  expect(await decodeOutcome(stored)).toMatchObject({ ok: false, error: { code: 'internal' } });
});

test('P20: more than 256 KiB is compressed', async () => {
  const text = 'x'.repeat(256 * 1024);
  const stored = await encodeOutcome(textResult(text));
  expect(stored.encoding).toBe('gzip');
  expect(stored.text.length).toBeLessThan(10_000);
  expect(await decodeOutcome(stored)).toEqual(textResult(text));
});

test('P20: more than 5 MiB is kept as a failure that says so', async () => {
  const stored = await encodeOutcome(textResult(randomBytes(4 * 1024 * 1024).toString('base64')));
  expect(stored.status).toBe('failed');
  expect(await decodeOutcome(stored)).toMatchObject({
    ok: true,
    result: { isError: true, _meta: { error: { code: 'result_too_large' } } },
  });
});

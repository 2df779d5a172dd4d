import fc from 'fast-check';
import { expect, test } from 'vitest';
import { QuaysideError } from '../errors.ts';
import { createRedactor, FIELD_LENGTH_MAX } from './redact.ts';
import { isSecretName } from './redaction/secret-names.ts';
import { REDACTED } from './redaction/secret-patterns.ts';

const { text, value } = createRedactor();

test.each([
  ['Authorization: Bearer abc.def-123456', 'abc.def-123456'],
  ['token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r', 'eyJzdWIiOiIxIn0'],
  ['key qs_live_0123456789abcdef refused', 'qs_live_0123456789abcdef'],
  ['sk-proj-0123456789abcdefghij', 'sk-proj-0123456789abcdefghij'],
  ['-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----', 'MIIEvQ'],
  ['-----BEGIN RSA PRIVATE KEY-----\nMIIEvQ and never ends', 'MIIEvQ'],
  ['postgres://shop:hunter2@db:5432/shop', 'hunter2'],
  ['Server=db;User=sa;Password=hunter2;', 'hunter2'],
  ['DB_PASSWORD="hunter two" next', 'hunter two'],
  ['GET /x?api_key=hunter2&limit=1', 'hunter2'],
  ['{"client_secret": "hunter2"}', 'hunter2'],
  ['AKIAIOSFODNN7EXAMPLE', 'AKIAIOSFODNN7EXAMPLE'],
  ['ghp_0123456789abcdefghijABCDEFGHIJ012345', 'ghp_0123456789abcdefghij'],
  ['AIzaSyA0123456789abcdefghijklmnopqrstu', 'AIzaSyA0123456789'],
  ['xoxb-1234567890-abcdef', 'xoxb-1234567890'],
])('takes the secret out of %s', (raw, secret) => {
  expect(text(raw)).not.toContain(secret);
  expect(text(raw)).toContain(REDACTED);
});

test('leaves ordinary text alone', () => {
  const plain = 'GET http://localhost:3000/npm/@scope took 12 ms for user ci (tokens: 5 of 10)';
  expect(text(plain)).toBe(plain);
});

test('keeps host and user of a connection string readable', () => {
  expect(text('postgres://shop:hunter2@db/shop')).toBe(`postgres://shop:${REDACTED}@db/shop`);
});

test.each([
  ...['password', 'PASSWD', 'secret', 'token', 'api_key', 'apiKey', 'X-Api-Key', 'authorization', 'cookie'],
  ...['set-cookie', 'private_key', 'client_secret', 'accessKey', 'credential', 'encrypted_credentials'],
  ...['session', 'ssn', 'db_password', 'refreshToken'],
])('%s is the name of a secret', (name) => {
  expect(isSecretName(name)).toBe(true);
});

test.each(['tokens_used', 'session_id', 'message', 'author', 'key', 'secretary'])(
  '%s is not the name of a secret',
  (name) => {
    expect(isSecretName(name)).toBe(false);
  },
);

test('replaces secret fields at any depth and leaves absent ones', () => {
  expect(value({ a: [{ b: { Password: 'x', note: 'y' } }], token: undefined, cookie: 5 })).toEqual({
    a: [{ b: { Password: REDACTED, note: 'y' } }],
    token: undefined,
    cookie: REDACTED,
  });
});

test('finds values that came from the environment, also encoded in an address', () => {
  const redactor = createRedactor();
  redactor.addSecrets(['p&ss word', 'p&ss', 'abc']);
  expect(redactor.text('a p&ss word, a p&ss and /x?q=p%26ss%20word')).toBe(
    `a ${REDACTED}, a ${REDACTED} and /x?q=${REDACTED}`,
  );
  // Shorter than any secret worth the name: it would blank out ordinary words.
  expect(redactor.text('abc')).toBe('abc');
});

test('finds known values inside JSON text and forgets none of the newest', () => {
  const redactor = createRedactor();
  redactor.addSecrets(['with "quotes" and\nlines']);
  redactor.addSecrets(Array.from({ length: 2000 }, (_, index) => `later-${index}-value`));
  expect(redactor.text(JSON.stringify({ note: 'with "quotes" and\nlines' }))).toBe(`{"note":"${REDACTED}"}`);
  expect(redactor.text('later-1999-value')).toBe(REDACTED);
});

test('writes errors with type, message, stack and cause, each redacted', () => {
  const error = new TypeError('no password=hunter2 here', { cause: new Error('Bearer abcdefghij') });
  const shown = JSON.stringify(value({ error }));
  expect(shown).not.toContain('hunter2');
  expect(shown).not.toContain('abcdefghij');
  expect(value({ error })).toMatchObject({ error: { type: 'TypeError', cause: { type: 'Error' } } });
});

test('writes refusals without a stack: they are expected', () => {
  const error = new QuaysideError('parse_error', { cause: new SyntaxError('Unexpected token') });
  expect(value({ error })).toEqual({
    error: {
      type: 'QuaysideError',
      message: 'The body is not valid JSON.',
      code: 'parse_error',
      cause: 'Unexpected token',
    },
  });
  expect(value({ error: new QuaysideError('internal') })).toMatchObject({
    error: { stack: expect.stringContaining('Internal error.') },
  });
});

test('bounds length, depth and entries, and ends cycles', () => {
  const cyclic: Record<string, unknown> = { name: 'x'.repeat(20_000) };
  cyclic.self = cyclic;
  cyclic.list = Array.from({ length: 1000 }, (_, index) => index);
  const copy = JSON.stringify(value(cyclic));
  expect(copy).toContain('[circular]');
  expect(copy).toContain('[900 more]');
  expect(copy.length).toBeLessThan(FIELD_LENGTH_MAX + 2000);
});

test('shows foreign objects as what they are', () => {
  const shown = {
    at: new Date(0),
    never: new Date(Number.NaN),
    url: new URL('http://u:hunter2@h/'),
    map: new Map([['token', 'x']]),
    set: new Set([1]),
    bytes: new Uint8Array(3),
    big: 5n,
    run: () => undefined,
    mark: Symbol('s'),
    nothing: null,
  };
  expect(value(shown)).toEqual({
    at: '1970-01-01T00:00:00.000Z',
    never: 'Invalid Date',
    url: `http://u:${REDACTED}@h/`,
    map: { token: REDACTED },
    set: [1],
    bytes: '[3 bytes]',
    big: '5',
    run: '[function]',
    mark: '[symbol]',
    nothing: null,
  });
});

test('survives a getter that throws and a field named __proto__', () => {
  const hostile = {
    get x(): string {
      throw new Error('no');
    },
  };
  expect(value(hostile)).toBe('[unreadable]');
  expect(JSON.stringify(value(JSON.parse('{"__proto__": {"a": 1}}')))).toBe('{"__proto__":{"a":1}}');
});

test('escapes what could forge or hide text on a terminal', () => {
  expect(text('a\u001b[2Jb\u202ec\u2028d\u009be')).toBe('a\\u001b[2Jb\\u202ec\\u2028d\\u009be');
});

test('any planted secret is gone, whatever surrounds it', () => {
  const around = fc.string({ maxLength: 200 });
  fc.assert(
    fc.property(around, around, (before, after) => {
      const secret = 'planted+secret/42';
      const redactor = createRedactor();
      redactor.addSecrets([secret]);
      expect(redactor.text(`${before} ${secret} ${after}`)).not.toContain(secret);
    }),
    { numRuns: 200 },
  );
});

test('is linear in hostile text', () => {
  const hostile = [
    '-----BEGIN A-----'.repeat(600),
    'a.'.repeat(5000),
    'password'.repeat(1200),
    `${'a_'.repeat(5000)}`,
    'http://a:'.repeat(1200),
    'eyJ'.repeat(3000),
  ];
  const startedAt = performance.now();
  for (const raw of hostile) text(raw);
  expect(performance.now() - startedAt).toBeLessThan(500);
});

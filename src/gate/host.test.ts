import { expect, test } from 'vitest';
import { testDefinition } from '../../test/support/definition.ts';
import { testExchange } from '../../test/support/exchange.ts';
import { type HostStageOptions, hostStage } from './host.ts';

function refusalOf(
  headers: Record<string, string>,
  options: Partial<HostStageOptions> = {},
  security: object = {},
) {
  const definition = testDefinition({ security });
  const stage = hostStage({ bindHost: '127.0.0.1', allowedHosts: [], ...options }).prepare({
    slug: 'test',
    definition,
  });
  return stage?.enter(testExchange({ headers }));
}

test.each([
  { host: 'localhost' },
  { host: 'LOCALHOST:3000' },
  { host: '127.0.0.1:65000' },
  { host: '[::1]:3000' },
  { host: 'localhost:3000', origin: 'http://localhost:5173' },
  { host: 'localhost:3000', origin: 'http://127.0.0.1:3000' },
])('P11: names of this machine pass: %o', (headers) => {
  expect(refusalOf(headers)).toBeUndefined();
});

test.each([
  { host: 'evil.example' },
  { host: 'localhost.evil.example' },
  { host: 'evil.example:3000' },
  { host: '127.0.0.1.evil.example' },
  { host: 'localhost:3000:evil.example' },
  { host: 'localhost', origin: 'https://evil.example' },
  { host: 'localhost', origin: 'null' },
  { host: 'localhost', origin: 'http://localhost@evil.example' },
  { host: 'localhost', origin: 'file://localhost' },
  {},
])('P11: foreign or malformed names are refused: %o', (headers) => {
  expect(refusalOf(headers as Record<string, string>)).toMatchObject({ code: 'host_refused' });
});

test('P11: the refusal names the setting to add', () => {
  expect(refusalOf({ host: 'mcp.example' })).toMatchObject({
    message: 'Host "mcp.example" is not allowed: add "mcp.example" to security.hosts or ALLOWED_HOSTS.',
  });
  expect(refusalOf({ host: 'localhost', origin: 'https://app.example' })).toMatchObject({
    message: 'Origin "https://app.example" is not allowed: add "https://app.example" to security.cors.',
  });
});

test('P11: public URL, ALLOWED_HOSTS, security.hosts and security.cors add names', () => {
  const options = { publicUrl: 'https://mcp.example/base', allowedHosts: ['other.example:8443'] };
  expect(refusalOf({ host: 'mcp.example', origin: 'https://mcp.example' }, options)).toBeUndefined();
  expect(refusalOf({ host: 'other.example:8443' }, options)).toBeUndefined();
  expect(refusalOf({ host: 'other.example:1' }, options)).toMatchObject({ code: 'host_refused' });
  expect(refusalOf({ host: 'third.example' }, {}, { hosts: ['third.example'] })).toBeUndefined();
  expect(
    refusalOf({ host: 'localhost', origin: 'https://app.example' }, {}, { cors: ['https://app.example'] }),
  ).toBeUndefined();
});

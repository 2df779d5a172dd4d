import { expect, test } from 'vitest';
import { testDefinition } from '../../test/support/definition.ts';
import { testExchange } from '../../test/support/exchange.ts';
import { clientAddressStage } from './client-address.ts';

async function addressOf(
  peerAddress: string,
  headers: Record<string, string>,
  trustProxy?: number | string[],
) {
  const definition = testDefinition(trustProxy === undefined ? {} : { security: { trustProxy } });
  const exchange = testExchange({ peerAddress, headers, clientAddress: '' });
  await clientAddressStage.prepare({ slug: 'test', definition })?.enter(exchange);
  return exchange.clientAddress;
}

test('P17: forwarding headers from an untrusted peer are ignored', async () => {
  expect(await addressOf('203.0.113.9', { 'x-forwarded-for': '10.0.0.1' })).toBe('203.0.113.9');
  expect(await addressOf('203.0.113.9', { 'x-forwarded-for': '10.0.0.1' }, ['10.0.0.0/8'])).toBe(
    '203.0.113.9',
  );
});

test('P17: behind trusted proxies the first untrusted address from the right wins', async () => {
  const chain = { 'x-forwarded-for': '10.9.9.9, 198.51.100.7, 10.0.0.2' };
  expect(await addressOf('10.0.0.1', chain, ['10.0.0.0/8'])).toBe('198.51.100.7');
  expect(await addressOf('10.0.0.1', chain, 1)).toBe('10.0.0.2');
  expect(await addressOf('10.0.0.1', chain, 2)).toBe('198.51.100.7');
});

test('P17: Forwarded and X-Real-IP are read, malformed entries cut the chain', async () => {
  expect(
    await addressOf('10.0.0.1', { forwarded: 'for="[2001:db8::5]:4711";proto=https' }, ['10.0.0.0/8']),
  ).toBe('2001:db8::5');
  expect(await addressOf('10.0.0.1', { 'x-real-ip': '198.51.100.7' }, ['10.0.0.0/8'])).toBe('198.51.100.7');
  expect(
    await addressOf('10.0.0.1', { 'x-forwarded-for': '198.51.100.7, evil, 10.0.0.3' }, ['10.0.0.0/8']),
  ).toBe('10.0.0.3');
});

test('an IPv4-mapped peer is its IPv4 address', async () => {
  expect(await addressOf('::ffff:192.0.2.1', {})).toBe('192.0.2.1');
});

import { expect, test } from 'vitest';
import { testDefinition } from '../../test/support/definition.ts';
import { testExchange } from '../../test/support/exchange.ts';
import { parseAddressList } from './address-list.ts';
import { ipAllowlistStage } from './ip-allowlist.ts';

function refusalOf(clientAddress: string, ipAllowlist: string[], processWide: string[] = [], path = '/mcp') {
  const definition = testDefinition({ security: { ipAllowlist } });
  return ipAllowlistStage(processWide)
    .prepare({ slug: 'test', definition })
    ?.enter(testExchange({ clientAddress, path }));
}

test('P17: addresses inside the list pass, others are refused without detail', () => {
  const list = ['192.0.2.0/24', '2001:db8::/32', '198.51.100.7'];
  for (const inside of ['192.0.2.200', '2001:db8:1::1', '198.51.100.7', '::ffff:192.0.2.1']) {
    expect(refusalOf(inside, list), inside).toBeUndefined();
  }
  for (const outside of ['192.0.3.1', '2001:db9::1', '198.51.100.8', '::ffff:192.0.3.1', 'nonsense']) {
    expect(refusalOf(outside, list), outside).toMatchObject({ code: 'address_refused', data: undefined });
  }
});

test('P17: every list that exists must match', () => {
  expect(refusalOf('192.0.2.1', ['192.0.2.0/24'], ['10.0.0.0/8'])).toMatchObject({ code: 'address_refused' });
  expect(refusalOf('192.0.2.1', ['192.0.2.0/24'], ['192.0.0.0/16'])).toBeUndefined();
  expect(refusalOf('203.0.113.1', [], [])).toBeUndefined();
});

test('P17: the liveness probe from loopback is exempt', () => {
  expect(refusalOf('127.0.0.1', ['192.0.2.0/24'], [], '/live')).toBeUndefined();
  expect(refusalOf('127.0.0.1', ['192.0.2.0/24'], [], '/health')).toMatchObject({ code: 'address_refused' });
});

test.each(['10.0.0.0/33', '10.0.0', 'host.example', '10.0.0.0/', '', '::/129', '10.0.0.0/x'])(
  '%s is no entry',
  (entry) => {
    expect(() => parseAddressList([entry])).toThrow(RangeError);
  },
);

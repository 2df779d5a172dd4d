import { expect, test } from 'vitest';
import { type Address, parseAddress } from './address.ts';
import { literalAllowList, matchesDomain, parseAllowList, withPort } from './allow-list.ts';

function address(text: string): Address {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`${text} is no address`);
  return parsed;
}

test('each form of entry opens what it names and nothing else', () => {
  const list = parseAllowList(
    'Intranet.example, db.internal:5000 ,10.1.2.3, 192.168.0.0/16,[fd00::1]:8080,fd12::/16,127.0.0.1:9',
  );
  const private4 = address('172.16.0.1');
  expect(list.allows('intranet.example', 80, private4)).toBe(true);
  expect(list.allows('sub.intranet.example', 80, private4)).toBe(false);
  expect(list.allows('db.internal', 5000, private4)).toBe(true);
  expect(list.allows('db.internal', 5001, private4)).toBe(false);
  expect(list.allows('any', 80, address('10.1.2.3'))).toBe(true);
  expect(list.allows('any', 80, address('10.1.2.4'))).toBe(false);
  expect(list.allows('any', 80, address('192.168.9.9'))).toBe(true);
  expect(list.allows('fd00::1', 8080, address('fd00::1'))).toBe(true);
  expect(list.allows('fd00::1', 8081, address('fd00::1'))).toBe(false);
  expect(list.allows('any', 1, address('fd12::7'))).toBe(true);
  expect(list.allows('any', 9, address('127.0.0.1'))).toBe(true);
  expect(list.allows('any', 10, address('127.0.0.1'))).toBe(false);
});

test('nothing is open by default', () => {
  expect(parseAllowList(' , ').allows('x', 80, address('10.0.0.1'))).toBe(false);
});

test('a metadata service needs its exact address', () => {
  const wide = parseAllowList('0.0.0.0/0,::/0,metadata.google.internal');
  expect(wide.allows('metadata.google.internal', 80, address('169.254.169.254'))).toBe(false);
  expect(wide.allows('x', 80, address('::ffff:169.254.169.254'))).toBe(false);
  expect(wide.allows('x', 80, address('10.0.0.1'))).toBe(true);
  expect(
    parseAllowList('169.254.169.254').allows('metadata.google.internal', 80, address('169.254.169.254')),
  ).toBe(true);
});

test('opening a translation prefix does not open the private addresses inside it', () => {
  const list = parseAllowList('64:ff9b::/96');
  expect(list.allows('x', 443, address('64:ff9b::8.8.8.8'))).toBe(true);
  expect(list.allows('x', 443, address('64:ff9b::10.0.0.1'))).toBe(false);
  expect(parseAllowList('64:ff9b::/96,10.0.0.0/8').allows('x', 443, address('64:ff9b::10.0.0.1'))).toBe(true);
});

test.each([
  '10.0.0.0/33',
  '10.0.0.0/',
  '/8',
  'fd00::/129',
  'a b',
  'host:0',
  'host:65536',
  'host:port',
  'http://host',
  'host/path',
  '[::1',
  '*.example.com',
  'user@host',
])('the entry %j is refused by name', (entry) => {
  expect(() => parseAllowList(`ok.example,${entry}`)).toThrow(JSON.stringify(entry));
});

test('a literal target opens its own host and port; its metadata address only when that is the literal', () => {
  const list = literalAllowList(['localhost:4000', '169.254.169.254:80', 'sneaky:80']);
  expect(list.allows('localhost', 4000, address('127.0.0.1'))).toBe(true);
  expect(list.allows('localhost', 4001, address('127.0.0.1'))).toBe(false);
  expect(list.allows('other', 4000, address('127.0.0.1'))).toBe(false);
  expect(list.allows('169.254.169.254', 80, address('169.254.169.254'))).toBe(true);
  expect(list.allows('sneaky', 80, address('169.254.169.254'))).toBe(false);
});

test('domains match exactly, with a port, or below a wildcard', () => {
  expect(matchesDomain('api.example.com', 443, ['API.example.com'])).toBe(true);
  expect(matchesDomain('api.example.com', 443, ['example.com'])).toBe(false);
  expect(matchesDomain('api.example.com', 443, ['*.example.com'])).toBe(true);
  expect(matchesDomain('example.com', 443, ['*.example.com'])).toBe(false);
  expect(matchesDomain('evilexample.com', 443, ['*.example.com'])).toBe(false);
  expect(matchesDomain('example.com', 8443, ['example.com:8443'])).toBe(true);
  expect(matchesDomain('example.com', 443, ['example.com:8443'])).toBe(false);
});

test('IPv6 hosts are compared in brackets', () => {
  expect(withPort('::1', 80)).toBe('[::1]:80');
});

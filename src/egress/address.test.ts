import { expect, test } from 'vitest';
import { isMetadataName, parseAddress } from './address.ts';

const PUBLIC = [
  '8.8.8.8',
  '1.1.1.1',
  '172.15.255.255',
  '172.32.0.1',
  '100.128.0.1',
  '2606:4700::1111',
  '2a00:1450:4001::200e',
];

const SPECIAL: readonly (readonly [string, string])[] = [
  ['0.0.0.0', 'unspecified'],
  ['0.1.2.3', 'unspecified'],
  ['10.0.0.1', 'private'],
  ['100.64.0.1', 'carrierGradeNat'],
  ['100.127.255.255', 'carrierGradeNat'],
  ['127.0.0.1', 'loopback'],
  ['127.255.255.254', 'loopback'],
  ['169.254.1.1', 'linkLocal'],
  ['172.16.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['192.0.0.1', 'reserved'],
  ['192.0.2.1', 'reserved'],
  ['192.88.99.1', 'reserved'],
  ['192.168.1.1', 'private'],
  ['198.18.0.1', 'reserved'],
  ['198.51.100.1', 'reserved'],
  ['203.0.113.1', 'reserved'],
  ['224.0.0.1', 'multicast'],
  ['240.0.0.1', 'reserved'],
  ['255.255.255.255', 'broadcast'],
  ['::', 'unspecified'],
  ['::1', 'loopback'],
  ['::7f00:1', 'unassigned'],
  ['::ffff:127.0.0.1', 'ipv4Mapped'],
  ['::ffff:7f00:1', 'ipv4Mapped'],
  ['::ffff:0:127.0.0.1', 'rfc6145'],
  ['64:ff9b::7f00:1', 'rfc6052'],
  ['64:ff9b:1::a00:1', 'rfc6052'],
  ['64:ff9b::8.8.8.8', 'rfc6052'],
  ['100::1', 'discard'],
  ['2001::1', 'teredo'],
  ['2001:db8::1', 'reserved'],
  ['2002:7f00:1::1', '6to4'],
  ['2002:808:808::1', '6to4'],
  ['3fff::1', 'reserved'],
  ['4000::1', 'unassigned'],
  ['5f00::1', 'segmentRouting'],
  ['fc00::1', 'uniqueLocal'],
  ['fd12:3456::1', 'uniqueLocal'],
  ['fe80::1', 'linkLocal'],
  ['fe80::1%eth0', 'linkLocal'],
  ['fec0::1', 'deprecatedSiteLocal'],
  ['ff02::1', 'multicast'],
];

test.each(PUBLIC)('%s is public', (text) => {
  expect(parseAddress(text)).toMatchObject({ isPublic: true, isMetadata: false });
});

test.each(SPECIAL)('%s is not public but %s', (text, range) => {
  expect(parseAddress(text)).toMatchObject({ isPublic: false, range });
});

test('a global address with an ISATAP interface identifier is not public', () => {
  expect(parseAddress('2606:4700::5efe:10.0.0.1')).toMatchObject({
    isPublic: false,
    embedded: { text: '10.0.0.1' },
  });
});

test.each([
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['::10.0.0.1', '10.0.0.1'],
  ['64:ff9b::10.0.0.1', '10.0.0.1'],
  ['2002:a00:1::', '10.0.0.1'],
  ['2001:0:1:2:3:4:f5ff:fffe', '10.0.0.1'],
])('%s carries %s', (text, embedded) => {
  expect(parseAddress(text)?.embedded?.text).toBe(embedded);
});

test.each(['169.254.169.254', '168.63.129.16', '100.100.100.200', 'fd00:ec2::254', '::ffff:169.254.169.254'])(
  '%s is a metadata service',
  (text) => {
    expect(parseAddress(text)).toMatchObject({ isMetadata: true, isPublic: false });
  },
);

test('metadata names are known, other names are not', () => {
  expect(isMetadataName('metadata.google.internal')).toBe(true);
  expect(isMetadataName('example.com')).toBe(false);
});

test.each([
  '',
  'localhost',
  '1.2.3',
  '0x7f.1',
  '0177.0.0.1',
  '2130706433',
  '1.2.3.4.5',
  '256.1.1.1',
  'fe80::1::2',
  '12',
])('%j is no address here: only the URL parser reads such notations', (text) => {
  expect(parseAddress(text)).toBeUndefined();
});

import { expect, test } from 'vitest';
import { parseDatabaseUrl } from './database-url.ts';

test.each([
  ['sqlite:./shop.db', { kind: 'sqlite', path: '/srv/app/shop.db' }],
  ['sqlite:shop.db', { kind: 'sqlite', path: '/srv/app/shop.db' }],
  ['sqlite:../shop.db', { kind: 'sqlite', path: '/srv/shop.db' }],
  ['sqlite:/data/shop.db', { kind: 'sqlite', path: '/data/shop.db' }],
  ['sqlite:///data/my%20shop.db', { kind: 'sqlite', path: '/data/my shop.db' }],
  ['sqlite://shop.db', { kind: 'sqlite', path: '/srv/app/shop.db' }],
  ['sqlite+aiosqlite:./shop.db', { kind: 'sqlite', path: '/srv/app/shop.db' }],
  ['postgres://a:b@h:5433/d', { kind: 'postgres', url: 'postgresql://a:b@h:5433/d' }],
  ['postgresql://h/d?sslmode=require', { kind: 'postgres', url: 'postgresql://h/d?sslmode=require' }],
  ['postgresql+asyncpg://h/d', { kind: 'postgres', url: 'postgresql://h/d' }],
])('reads %s', (url, address) => {
  expect(parseDatabaseUrl(url, '/srv/app')).toEqual(address);
});

test.each([
  ['mysql://root:hidden@h/d', 'The scheme "mysql" is not supported; supported are sqlite:<file>'],
  ['shop.db', 'no scheme'],
  ['sqlite::memory:', 'must be a file'],
  ['sqlite:', 'must be a file'],
  ['sqlite:shop.db?mode=rwc', 'no query parameters'],
  ['postgres://user:hidden word@[bad/d', 'percent-encode'],
])('refuses %s without repeating it', (url, message) => {
  expect(() => parseDatabaseUrl(url, '/srv/app')).toThrow(message);
  expect(() => parseDatabaseUrl(url, '/srv/app')).not.toThrow('hidden');
});

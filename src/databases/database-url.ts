// Which engine a `databases.<name>.url` means and where it is. No connection is made here.
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DatabaseError } from './database.ts';

export type DatabaseAddress =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly url: string };

const SUPPORTED = 'supported are sqlite:<file>, postgres://... and postgresql://...';

/**
 * Reads a database url. SQLite: `sqlite:./shop.db`, `sqlite:/srv/shop.db`, `sqlite:///srv/shop.db`, relative to
 * `baseDirectory`. PostgreSQL: `postgres://`, `postgresql://`, and driver forms such as `postgresql+asyncpg://`.
 * Throws DatabaseError `config`; its message never repeats the url, which may hold a password.
 */
export function parseDatabaseUrl(url: string, baseDirectory: string): DatabaseAddress {
  const scheme = /^([A-Za-z][A-Za-z0-9.-]*)(?:\+[A-Za-z0-9]+)?:/.exec(url);
  if (scheme === null) throw new DatabaseError('config', `The url has no scheme; ${SUPPORTED}.`);
  const rest = url.slice(scheme[0].length);
  const engine = scheme[1]?.toLowerCase();
  if (engine === 'sqlite' || engine === 'sqlite3')
    return { kind: 'sqlite', path: sqlitePath(rest, baseDirectory) };
  if (engine !== 'postgres' && engine !== 'postgresql') {
    throw new DatabaseError('config', `The scheme "${engine}" is not supported; ${SUPPORTED}.`);
  }
  const normal = `postgresql:${rest}`;
  if (!URL.canParse(normal)) {
    throw new DatabaseError(
      'config',
      'The PostgreSQL url cannot be read; percent-encode special characters of user and password.',
    );
  }
  return { kind: 'postgres', url: normal };
}

function sqlitePath(rest: string, baseDirectory: string): string {
  if (rest === '' || rest.includes(':memory:')) {
    throw new DatabaseError('config', 'A database that is only read must be a file: sqlite:./shop.db.');
  }
  if (rest.includes('?')) throw new DatabaseError('config', 'A sqlite: url takes no query parameters.');
  if (rest.startsWith('///')) return fileURLToPath(`file:${rest}`);
  return resolve(baseDirectory, rest.startsWith('//') ? rest.slice(2) : rest);
}

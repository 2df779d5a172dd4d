// Who logs in to the store's PostgreSQL: the user of the address, or the one that a file names, read for each session.
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { StoreUnavailable } from '../store.ts';

/** A user with its password. */
export interface DatabaseLogin {
  readonly user: string;
  readonly password: string;
}

/** Where the database is, and the file that says who logs in. */
export interface LoginPlace {
  readonly url: string;
  /** One line, `user:password`; what `DATABASE_LOGIN_FILE` names. */
  readonly loginFile?: string;
}

const PRIVATE_MODE = 0o600;
const PERMISSIONS = 0o777;

/** The login in a file. Throws StoreUnavailable naming the file when it cannot be read or holds none. */
export function readLoginFile(path: string): DatabaseLogin {
  let line: string;
  try {
    line = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? ` (${cause.code})` : '';
    throw new StoreUnavailable(`The file ${path} of DATABASE_LOGIN_FILE cannot be read${code}.`, { cause });
  }
  const colon = line.indexOf(':');
  if (colon < 1 || colon === line.length - 1 || line.includes('\n'))
    throw new StoreUnavailable(`The file ${path} of DATABASE_LOGIN_FILE must hold one line, user:password.`);
  return { user: line.slice(0, colon), password: line.slice(colon + 1) };
}

/** Replaces the file at once, with the permissions it has; 0600 where it is new. Throws what the file system reports. */
export function writeLoginFile(path: string, { user, password }: DatabaseLogin): void {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode;
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, `${user}:${password}\n`, {
    mode: mode === undefined ? PRIVATE_MODE : mode & PERMISSIONS,
  });
  renameSync(temporary, path);
}

/** The address with another login. */
export function withLogin(url: string, { user, password }: DatabaseLogin): string {
  const other = new URL(url);
  other.username = encodeURIComponent(user);
  other.password = encodeURIComponent(password);
  return other.href;
}

/** Whom a session that begins now logs in as. Throws as {@link readLoginFile}. */
export function currentUrl({ url, loginFile }: LoginPlace): string {
  return loginFile === undefined ? url : withLogin(url, readLoginFile(loginFile));
}

/**
 * The same for one session after another: while the file cannot be read, the login that it held last counts. Throws
 * only when it could never be read.
 */
export function followUrl(place: LoginPlace): () => string {
  let last = currentUrl(place);
  return () => {
    try {
      last = currentUrl(place);
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
    }
    return last;
  };
}

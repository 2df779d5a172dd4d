// How texts of the environment become values.
import { issuerUrlProblem } from './issuer-url.ts';
import { nearestName } from './nearest-name.ts';
import { parseSize } from './size.ts';

/** How a text becomes a value; `undefined` where it is none. */
export interface Reader<Value> {
  readonly expected: string;
  read(text: string): Value | undefined;
}

export const text: Reader<string> = { expected: 'text', read: (value) => value };
export const list: Reader<readonly string[]> = {
  expected: 'a comma-separated list',
  read: (value) =>
    value
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
};
export const flag: Reader<boolean> = {
  expected: 'true or false',
  read: (value) =>
    ({ true: true, '1': true, yes: true, on: true, false: false, '0': false, no: false, off: false })[
      value.toLowerCase()
    ],
};
export const wholeNumber = (minimum: number, maximum: number): Reader<number> => ({
  expected: `a whole number from ${minimum} to ${maximum}`,
  read: (value) =>
    /^\d+$/.test(value) && Number(value) >= minimum && Number(value) <= maximum ? Number(value) : undefined,
});
/** As many as one machine has cores, with room; each takes the memory of a process. */
const WORKERS_MAX = 256;
/** A number of processes, or `auto` for one per core. */
export const workerCount: Reader<number | 'auto'> = {
  expected: `auto, or a whole number from 1 to ${WORKERS_MAX}`,
  read: (value) => (value === 'auto' ? 'auto' : wholeNumber(1, WORKERS_MAX).read(value)),
};
export const seconds: Reader<number> = {
  expected: 'seconds, such as 30 or 0.5',
  read: (value) => (/^\d+(\.\d+)?$/.test(value) ? Math.round(Number(value) * 1000) : undefined),
};
/** Transport, host and port. */
export const syslogAddress: Reader<string> = {
  expected: 'an address such as tcp://syslog:601 or udp://syslog:514',
  read: (value) =>
    /^(?:tcp|udp):\/\/(?:[^\s/:@[\]]+|\[[0-9a-f:.]+\]):\d{1,5}$/i.test(value) ? value : undefined,
};
/** 32 bytes in base64. */
export const seed: Reader<string> = {
  expected: '32 bytes in base64',
  read: (value) => (Buffer.from(value, 'base64').length === 32 ? value : undefined),
};
export const size: Reader<number> = { expected: 'a size such as 10mb', read: parseSize };
export const url: Reader<string> = {
  expected: 'an http or https address',
  read: (value) =>
    /^https?:\/\//.test(value) && URL.canParse(value) ? value.replace(/\/+$/, '') : undefined,
};
/** Kept to the letter: an issuer is compared as a text, and some end with a slash. */
export const issuerAddress: Reader<string> = {
  expected: 'an https address, or an http one on loopback',
  read: (value) => (issuerUrlProblem(value) === undefined ? value : undefined),
};
export const redisAddress: Reader<string> = {
  expected: 'an address such as redis://host:6379/0, or rediss:// for TLS',
  read: (value) => (/^rediss?:\/\/[^/]/.test(value) && URL.canParse(value) ? value : undefined),
};
/** Address of the process's own store; driver suffixes such as `+asyncpg` are taken and mean nothing here. */
export const storeUrl: Reader<string> = {
  expected: 'postgres://user:password@host:port/database; percent-encode special characters',
  read(value) {
    const address = value.replace(/^postgres(?:ql)?(?:\+[a-z0-9]+)?:/i, 'postgresql:');
    if (/^sqlite3?(?:\+[a-z0-9]+)?:/i.test(address)) return address;
    if (!address.startsWith('postgresql://') || !URL.canParse(address)) return undefined;
    // Options of the session would undo those that bind it to its tenant.
    return new URL(address).searchParams.has('options') ? undefined : address;
  },
};
export const key256: Reader<Uint8Array> = {
  expected: '32 random bytes as 64 hexadecimal digits, such as `openssl rand -hex 32` prints',
  read: (value) => (/^[0-9a-f]{64}$/i.test(value) ? Buffer.from(value, 'hex') : undefined),
};
export const redisUrl: Reader<string> = {
  expected: 'an address such as redis://127.0.0.1:6379 or rediss://redis.example:6380/1',
  read: (value) => (/^rediss?:\/\//.test(value) && URL.canParse(value) ? value : undefined),
};
export const oneOf = <const Value extends string>(...values: readonly Value[]): Reader<Value> => ({
  expected: `one of ${values.join(', ')}`,
  read: (value) => values.find((known) => known === value),
});
export const path: Reader<string> = {
  expected: 'a path that starts with /',
  read: (value) => (/^\/[\w./-]*$/.test(value) ? value : undefined),
};
export const environmentName: Reader<string> = {
  expected: 'a name such as development, staging or production',
  // A near miss would silently run without the strict checks of production.
  read(value) {
    const known = ['development', 'staging', 'production', 'test'];
    const isNearMiss =
      value !== 'production' && (value === 'prod' || nearestName(value, ['production']) !== undefined);
    return isNearMiss || (!known.includes(value) && !/^[a-z][a-z0-9_-]*$/.test(value)) ? undefined : value;
  },
};

/** `100`, or with a window of its own `100/hour`, `10/minute`, `5/second` (spec governance §6.1). */
export interface RateSetting {
  readonly maxRequests: number;
  readonly windowMs: number | undefined;
}
const RATE_WINDOWS: Readonly<Record<string, number>> = { second: 1000, minute: 60_000, hour: 3_600_000 };
export const rate: Reader<RateSetting> = {
  expected: 'a number, or one per second, minute or hour such as 100/hour',
  read(value) {
    const [, count, unit] = /^(\d{1,9})(?:\/(second|minute|hour))?$/.exec(value) ?? [];
    if (count === undefined) return undefined;
    return { maxRequests: Number(count), windowMs: unit === undefined ? undefined : RATE_WINDOWS[unit] };
  },
};

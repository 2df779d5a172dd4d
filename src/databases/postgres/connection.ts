// One session with PostgreSQL that can only read: who opens it, what is set on it, and how it is thrown away.
import { createConnection } from 'node:net';
import { Client, type ClientConfig, type Submittable } from 'pg';
import type { Log } from '../../telemetry/log.ts';
import { DatabaseError } from '../database.ts';
import type { ColumnReader } from './wire.ts';

/** Spec sql §5. */
const LOCK_TIMEOUT_MS = 2000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000;
/** The server's own deadline comes after ours, so that ours gives the answer and it is the safety net. */
const SERVER_TIMEOUT_GRACE_MS = 500;
/** A cancel request is one packet; past this the server's own deadline ends the statement. */
const CANCEL_TIMEOUT_MS = 2000;

/** Parameters of a url that say where and who; anything else could undo what is set below. */
const URL_PARAMETERS: ReadonlySet<string> = new Set([
  'application_name',
  'host',
  'ssl',
  'sslcert',
  'sslkey',
  'sslmode',
  'sslnegotiation',
  'sslrootcert',
  'uselibpqcompat',
]);

/** Reported by the server when a statement changes them (PostgreSQL, protocol: asynchronous operations). */
const GUARDED_SETTINGS: ReadonlySet<string> = new Set([
  'default_transaction_read_only',
  'DateStyle',
  'IntervalStyle',
  'TimeZone',
  'search_path',
  'session_authorization',
  'standard_conforming_strings',
]);

export interface Connection {
  /** Longest statement this session's own deadline admits. */
  readonly timeoutMs: number;
  /** Columns of the statements prepared on this session, by statement name. */
  readonly described: Map<string, readonly ColumnReader[]>;
  /** True once it must not be used again: closed, broken, or its settings were changed. */
  readonly spoiled: boolean;
  submit(query: Submittable): void;
  /** Runs one of our own statements, never a user's: this is the simple protocol. */
  command(text: 'BEGIN TRANSACTION READ ONLY' | 'ROLLBACK' | 'DISCARD ALL'): Promise<void>;
  /** Counts received bytes from now on and calls `exceeded` once beyond `maxBytes`. */
  meter(maxBytes: number, exceeded: () => void): void;
  /** Ends the session. With `cancel` whatever runs on the server is ended too. */
  destroy(cancel: boolean): void;
}

export interface ConnectionOptions {
  readonly url: string;
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly log: Log;
  /** Called once when the session ends, whoever ended it. */
  readonly onEnd: (connection: Connection) => void;
}

/** Connects. Rejects with what the driver reports. */
export async function openConnection(options: ConnectionOptions): Promise<Connection> {
  const client = new Client(clientConfig(options));
  let spoiled = false;
  let meterLimit = Number.POSITIVE_INFINITY;
  let received = 0;
  let onExceeded: (() => void) | undefined;
  // Without a listener a session ended by the server would end this process.
  client.on('error', (error) => {
    if (!spoiled) options.log.debug({ error: error.message }, 'database session failed');
    spoiled = true;
  });
  await client.connect();
  const wire = assertWire(client);
  wire.on('parameterStatus', ({ parameterName }) => {
    if (parameterName !== undefined && GUARDED_SETTINGS.has(parameterName)) spoiled = true;
  });
  wire.stream.on('data', (chunk) => {
    received += chunk.length;
    if (received > meterLimit) onExceeded?.();
  });

  const connection: Connection = {
    timeoutMs: options.timeoutMs,
    described: new Map(),
    get spoiled() {
      return spoiled;
    },
    submit: (query) => void client.query(query),
    async command(text) {
      await client.query(text);
    },
    meter(maxBytes, exceeded) {
      received = 0;
      meterLimit = maxBytes;
      onExceeded = exceeded;
    },
    destroy(cancel) {
      spoiled = true;
      onExceeded = undefined;
      if (cancel) requestCancel(client, options.log);
      wire._ending = true;
      wire.stream.destroy();
    },
  };
  client.on('end', () => {
    spoiled = true;
    options.onEnd(connection);
  });
  return connection;
}

function clientConfig({ url, timeoutMs, connectTimeoutMs }: ConnectionOptions): ClientConfig {
  const parsed = new URL(url);
  for (const name of parsed.searchParams.keys()) {
    if (!URL_PARAMETERS.has(name)) {
      throw new DatabaseError(
        'config',
        `The url parameter "${name}" is not supported for a database that is only read.`,
      );
    }
  }
  const settings = {
    default_transaction_read_only: 'on',
    statement_timeout: timeoutMs + SERVER_TIMEOUT_GRACE_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    TimeZone: 'UTC',
    DateStyle: 'ISO',
    IntervalStyle: 'iso_8601',
    bytea_output: 'hex',
    extra_float_digits: 1,
  };
  return {
    connectionString: url,
    options: Object.entries(settings)
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' '),
    fallback_application_name: 'quayside',
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
  };
}

/** What is used of the driver's wire object beyond its published types. */
interface Wire {
  readonly stream: NodeJS.ReadableStream & {
    destroy(): void;
    on(event: 'data', listener: (chunk: Buffer) => void): unknown;
  };
  _ending: boolean;
  on(event: 'parameterStatus', listener: (message: { parameterName?: string }) => void): unknown;
}

interface CancelKey {
  readonly host: string;
  readonly port: number;
  readonly processID: number | null;
  readonly secretKey: number | null;
}

function assertWire(client: Client): Wire {
  if (!('connection' in client)) throw new TypeError('pg.Client must expose its connection');
  return client.connection as unknown as Wire;
}

function assertCancelKey(client: Client): CancelKey {
  return client as unknown as CancelKey;
}

/** Sends a CancelRequest on a connection of its own (PostgreSQL, protocol §55.2.8): length, code, process, secret. */
function requestCancel(client: Client, log: Log): void {
  const { host, port, processID, secretKey } = assertCancelKey(client);
  if (processID === null || secretKey === null) return;
  const packet = Buffer.alloc(16);
  packet.writeInt32BE(16, 0);
  packet.writeInt32BE(80_877_102, 4);
  packet.writeInt32BE(processID, 8);
  packet.writeInt32BE(secretKey, 12);
  const socket = host.startsWith('/')
    ? createConnection(`${host}/.s.PGSQL.${port}`)
    : createConnection({ host, port });
  socket.setTimeout(CANCEL_TIMEOUT_MS, () => socket.destroy());
  socket.on('error', (error) => log.debug({ error: error.message }, 'cancel request failed'));
  socket.unref();
  socket.end(packet);
}

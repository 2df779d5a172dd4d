// The one session that hears what any process announces.
import { Client } from 'pg';
import { CHANGES_CHANNEL } from '../changes.ts';
import { clientConfig } from './client-config.ts';

/** Pause before the session is opened again. */
const RETRY_MS = 500;
/** A connection that died without a word is noticed by a question. */
const PING_MS = 10_000;

export interface ListenerOptions {
  /** Asked for each session. */
  readonly url: () => string;
  readonly role: string;
  readonly heard: (topic: string) => void;
  /** Called whenever the session was opened: what was announced before is not known. */
  readonly missed: () => void;
  /** Called when the session is gone. */
  readonly lost: () => void;
  readonly onError: (error: unknown) => void;
}

/** Opens its session with `start`, and again whenever it is lost. */
export class Listener {
  readonly #options: ListenerOptions;
  #client: Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isStarted = false;
  #isClosed = false;

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  /** Does nothing when it is started already. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    void this.#connect();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const last = this.#client;
    this.#client = undefined;
    await last?.end().catch(this.#options.onError);
  }

  /** Never rejects. */
  async #connect(): Promise<void> {
    const { url, role, heard, missed } = this.#options;
    const client = new Client({ ...clientConfig(url(), role), query_timeout: PING_MS });
    this.#client = client;
    client.on('error', (error) => this.#lose(client, error));
    client.on('end', () => this.#lose(client, undefined));
    client.on('notification', ({ payload }) => heard(payload ?? ''));
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANGES_CHANNEL}`);
    } catch (error) {
      this.#lose(client, error);
      return;
    }
    if (this.#isClosed) {
      await client.end();
      return;
    }
    // Also the first time: whoever began to watch while the session was being opened has missed what came meanwhile.
    missed();
    this.#pingLater(client);
  }

  #pingLater(client: Client): void {
    this.#timer = setTimeout(() => {
      client.query('SELECT 1').then(
        () => {
          if (this.#client === client) this.#pingLater(client);
        },
        (error: unknown) => this.#lose(client, error),
      );
    }, PING_MS).unref();
  }

  #lose(client: Client, error: unknown): void {
    if (this.#client !== client || this.#isClosed) return;
    this.#client = undefined;
    clearTimeout(this.#timer);
    if (error !== undefined) this.#options.onError(error);
    // Half of it may be alive still; what ending it reports is the failure that is known already.
    client.end().catch(() => undefined);
    this.#options.lost();
    this.#timer = setTimeout(() => void this.#connect(), RETRY_MS).unref();
  }
}

// The one session that hears what any process announces.
import { Client } from 'pg';
import { CHANGES_CHANNEL } from '../changes.ts';
import { clientConfig } from './client-config.ts';

/** Pause before the session is opened again. */
const RETRY_MS = 500;
/** A connection that died without a word is noticed by a question. */
const PING_MS = 10_000;

export interface Listener {
  /** Opens the session unless it is open. */
  start(): void;
  close(): Promise<void>;
}

/** `missed` is called after each reconnection: what was announced meanwhile is not known. */
export function createListener(options: {
  readonly url: string;
  readonly role: string;
  readonly heard: (topic: string) => void;
  readonly missed: () => void;
  readonly onError: (error: unknown) => void;
}): Listener {
  let client: Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isStarted = false;
  let isClosed = false;

  async function connect(isFirst: boolean): Promise<void> {
    const opened = new Client(clientConfig(options.url, options.role));
    client = opened;
    const lose = (error: Error | undefined) => {
      if (client !== opened || isClosed) return;
      client = undefined;
      clearTimeout(timer);
      if (error !== undefined) options.onError(error);
      timer = setTimeout(() => void connect(false), RETRY_MS).unref();
    };
    opened.on('error', lose);
    opened.on('end', () => lose(undefined));
    opened.on('notification', ({ payload }) => options.heard(payload ?? ''));
    try {
      await opened.connect();
      await opened.query(`LISTEN ${CHANGES_CHANNEL}`);
    } catch (error) {
      lose(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    if (isClosed) {
      await opened.end();
      return;
    }
    if (!isFirst) options.missed();
    ping(opened, lose);
  }

  function ping(opened: Client, lose: (error: Error) => void): void {
    timer = setTimeout(() => {
      opened.query({ text: 'SELECT 1', query_timeout: PING_MS } as { text: string }).then(
        () => {
          if (client === opened && !isClosed) ping(opened, lose);
        },
        (error: Error) => lose(error),
      );
    }, PING_MS).unref();
  }

  return {
    start() {
      if (isStarted) return;
      isStarted = true;
      void connect(true);
    },
    async close() {
      isClosed = true;
      clearTimeout(timer);
      const last = client;
      client = undefined;
      await last?.end().catch(options.onError);
    },
  };
}

// Sends the log on to another system: everything at least once, in the order of each chain, from where it stopped.
import type { Log } from '../../../telemetry/log.ts';
import type { ChainPlace } from '../messages.ts';
import type { AuditRecord } from '../record.ts';
import { type AuditSource, chainKey } from '../source.ts';

/** Somewhere that records go; `send` resolves when they have arrived, as far as its protocol can tell. */
export interface Receiver {
  /** Names the cursor; another address is another receiver. */
  readonly name: string;
  send(records: readonly AuditRecord[]): Promise<void>;
  close(): void;
}

export interface ShipperDeps {
  readonly receiver: Receiver;
  readonly source: AuditSource;
  /** This process's chains are sent at once, those of others when they have been quiet. */
  readonly writer: string;
  /** Remembers how far the receiver has got. */
  readonly moveCursor: (place: ChainPlace) => void;
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Sends until it is closed; a receiver that is away is tried again. */
export interface Shipper {
  /** Resolves after a last attempt. */
  close(): Promise<void>;
}

const PAGE = 500;
const INTERVAL_MS = 1000;
/** Between attempts at a receiver that is away. */
const RETRY_MS = 10_000;
/** A chain that has not grown for so long belongs to a process that has ended, or to one that has sent it all. */
const QUIET_MS = 60_000;
/** How long the end of the process waits for the last records. */
const CLOSE_MS = 3000;

/** Begins at once, from where the receiver had got; an attempt every second while there is something. */
export function startShipper(deps: ShipperDeps): Shipper {
  const { receiver, log } = deps;
  let cursors: Map<string, number> | undefined;
  let isClosed = false;
  let hasFailed = false;
  let timer: NodeJS.Timeout | undefined;

  const sendAll = async () => {
    cursors ??= new Map(await deps.source.cursors(receiver.name));
    for (const { writer, tenantId, seq, updatedAt } of await deps.source.heads()) {
      const chain = { writer, tenantId };
      if (writer !== deps.writer && deps.now() - updatedAt < QUIET_MS) continue;
      for (let after = cursors.get(chainKey(chain)) ?? 0; after < seq; ) {
        const page = await deps.source.records(chain, after, PAGE);
        const last = page.at(-1);
        if (last === undefined) break;
        await receiver.send(page);
        after = last.seq;
        cursors.set(chainKey(chain), after);
        deps.moveCursor({ receiver: receiver.name, ...chain, seq: after });
      }
    }
  };
  const attempt = async () => {
    try {
      await sendAll();
      if (hasFailed) log.info({ receiver: receiver.name }, 'Audit records are sent again.');
      hasFailed = false;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (!hasFailed)
        log.warn({ receiver: receiver.name, reason }, 'Audit records cannot be sent; they wait.');
      hasFailed = true;
    }
    if (!isClosed) timer = setTimeout(next, hasFailed ? RETRY_MS : INTERVAL_MS).unref();
  };
  let running = Promise.resolve();
  const next = () => {
    running = attempt();
  };
  next();
  return {
    async close() {
      isClosed = true;
      clearTimeout(timer);
      const last = running.then(() => (hasFailed ? undefined : attempt()));
      await Promise.race([last, new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref())]);
      receiver.close();
    },
  };
}

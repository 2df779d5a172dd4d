// Stage 8, last part: at most `limits.maxConcurrency` operations of a server at once.
import { QuaysideError } from '../../errors.ts';
import type { GateEvents } from '../events.ts';
import type { OperationStage } from '../stage.ts';
import type { SharedSlots } from './shared-slots.ts';

/** One second: a slot is free as soon as any running call ends. */
const RETRY_AFTER_SECONDS = 1;

/** Calls of one server that run in this process. */
class Running {
  count = 0;
  /** How many of them have a place that the primary lent. */
  #borrowed = 0;
  readonly #slug: string;
  readonly #slots: SharedSlots | undefined;

  constructor(slug: string, slots: SharedSlots | undefined) {
    this.#slug = slug;
    this.#slots = slots;
  }

  /** A lent place is the first that is given back. */
  end(): void {
    this.count--;
    if (this.#borrowed === 0) return;
    this.#borrowed--;
    this.#slots?.giveBack(this.#slug);
  }

  async borrow(slots: SharedSlots, most: number): Promise<boolean> {
    // Without the primary nobody counts; the worker ends with it, and refuses nothing meanwhile.
    const isLent = await slots.borrow(this.#slug, most).catch(() => undefined);
    if (isLent === false) return false;
    if (isLent === true) this.#borrowed++;
    this.count++;
    return true;
  }
}

/**
 * Counts tool, prompt and resource operations per server, also across reloads, and with `slots` those of all workers.
 * Refuses with `rate_limited`.
 */
export function concurrencyStage(events: GateEvents, slots?: SharedSlots): OperationStage {
  const runningBySlug = new Map<string, Running>();
  const refuse = (running: number, most: number): QuaysideError => {
    events.limited('concurrency', 'refused');
    return refusal(running, most);
  };
  return {
    name: 'concurrency',
    prepare(target, server) {
      if (target.kind === 'list' || target.kind === 'route') return undefined;
      const most = server.definition.limits.maxConcurrency;
      const own = slots === undefined ? most : slots.shareOf(most);
      const running = runningBySlug.get(server.slug) ?? new Running(server.slug, slots);
      runningBySlug.set(server.slug, running);
      return {
        name: 'concurrency',
        enter(operation) {
          if (running.count < own) {
            running.count++;
            operation.slot = running;
            return undefined;
          }
          if (slots === undefined) return refuse(running.count, most);
          return running.borrow(slots, most).then((isLent) => {
            if (!isLent) return refuse(most, most);
            operation.slot = running;
            return undefined;
          });
        },
        leave(operation, outcome) {
          // A call that went on as a task has given its place back.
          operation.slot?.end();
          return outcome;
        },
      };
    },
  };
}

function refusal(running: number, most: number): QuaysideError {
  return new QuaysideError('rate_limited', {
    message: `${running} of ${most} concurrent calls are running; retry in ${RETRY_AFTER_SECONDS} s.`,
    data: {
      currentRequests: running,
      maxRequests: most,
      resetTime: RETRY_AFTER_SECONDS * 1000,
      retryAfter: RETRY_AFTER_SECONDS,
      scope: 'concurrency',
    },
    headers: { 'retry-after': String(RETRY_AFTER_SECONDS) },
  });
}

// Stage 8, last part: at most `limits.maxConcurrency` operations of a server at once.
import { QuaysideError } from '../../errors.ts';
import type { GateEvents } from '../events.ts';
import type { OperationStage } from '../stage.ts';

/** One second: a slot is free as soon as any running call ends. */
const RETRY_AFTER_SECONDS = 1;

/** Counts tool, prompt and resource operations per server, also across reloads. Refuses with `rate_limited`. */
export function concurrencyStage(events: GateEvents): OperationStage {
  const runningBySlug = new Map<string, { count: number }>();
  return {
    name: 'concurrency',
    prepare(target, server) {
      if (target.kind === 'list' || target.kind === 'route') return undefined;
      const most = server.definition.limits.maxConcurrency;
      const running = runningBySlug.get(server.slug) ?? { count: 0 };
      runningBySlug.set(server.slug, running);
      return {
        name: 'concurrency',
        enter(operation) {
          if (running.count >= most) {
            events.limited('concurrency', 'refused');
            return refusal(running.count, most);
          }
          running.count++;
          operation.slot = running;
          return undefined;
        },
        leave(operation, outcome) {
          // A call that went on as a task has given its place back.
          if (operation.slot !== undefined) operation.slot.count--;
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

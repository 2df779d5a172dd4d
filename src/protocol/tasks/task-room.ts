// How many tasks there may be: running in this process, running for one caller, and kept for one caller.
import { QuaysideError } from '../../errors.ts';
import type { TaskScope } from './task.ts';
import type { TaskRecords } from './task-records.ts';

/** A caller that starts more work than this at once has a queue of its own to use. */
export const OPEN_PER_PRINCIPAL_MAX = 32;
/** Each holds a call, and may hold a worker. */
const OPEN_MAX = 512;
/** Their results are kept with them. */
const KEPT_PER_PRINCIPAL_MAX = 1000;

export interface TaskRoom {
  /** Takes a place; resolves with the way to give it back. Rejects with `overloaded` where there is none. */
  take(scope: TaskScope): Promise<() => void>;
}

export function createTaskRoom(records: Pick<TaskRecords, 'count'>): TaskRoom {
  const perPrincipal = new Map<string, number>();
  let open = 0;
  return {
    async take(scope) {
      const key = `${scope.tenantId} ${scope.principal}`;
      const own = perPrincipal.get(key) ?? 0;
      if (open >= OPEN_MAX) throw tooMany('Too many tasks are running.');
      if (own >= OPEN_PER_PRINCIPAL_MAX)
        throw tooMany(`${own} of your tasks are running, which is the most; wait until one has ended.`);
      // Taken before anything is awaited, so that calls that come at once count each other.
      perPrincipal.set(key, own + 1);
      open++;
      let isTaken = true;
      const giveBack = (): void => {
        if (!isTaken) return;
        isTaken = false;
        open--;
        const left = (perPrincipal.get(key) ?? 1) - 1;
        if (left === 0) perPrincipal.delete(key);
        else perPrincipal.set(key, left);
      };
      try {
        const kept = await records.count(scope);
        if (kept >= KEPT_PER_PRINCIPAL_MAX)
          throw tooMany(`${kept} of your tasks are kept, which is the most; wait until one expires.`);
        return giveBack;
      } catch (error) {
        giveBack();
        throw error;
      }
    },
  };
}

function tooMany(message: string): QuaysideError {
  return new QuaysideError('overloaded', { message, headers: { 'Retry-After': '5' } });
}

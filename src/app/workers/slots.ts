// A worker's way to the places that the primary lends.
import { type SharedSlots, shareOfSlots } from '../../gate/limits/shared-slots.ts';
import { TO_PRIMARY } from '../../workers/messages.ts';
import type { WorkerLink } from '../../workers/worker-link.ts';

/** As for rate limits: far longer than a primary needs that is there. */
const ANSWER_WITHIN_MS = 2000;

/** The primary reckons with the same number of workers. */
export function sharedSlots(worker: WorkerLink): SharedSlots {
  return {
    shareOf: (most) => shareOfSlots(most, worker.workers),
    async borrow(slug, most) {
      return (await worker.channel.ask(TO_PRIMARY.borrow, [slug, most], ANSWER_WITHIN_MS)) === true;
    },
    giveBack: (slug) => worker.channel.tell(TO_PRIMARY.giveBack, slug),
  };
}

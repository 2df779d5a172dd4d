// Places for calls that run at once, of a server that several workers serve together. Each worker has a share that it
// uses without a word; beyond it the primary lends from what no share covers. So no more calls run than the limit says,
// a quiet server asks nobody, and a worker that many connections lead to gets at least half of all places.

/** What a worker asks of the primary. */
export interface SharedSlots {
  /** Places of `most` that this process has for itself. */
  shareOf(most: number): number;
  /** Resolves true when a place was lent; false when all are taken. Rejects when the primary does not answer. */
  borrow(slug: string, most: number): Promise<boolean>;
  giveBack(slug: string): void;
}

/** The primary's side. */
export interface SlotLedger {
  /** A worker's way to the places that are lent; `end` takes back what it still has. */
  forWorker(): {
    borrow(request: unknown): boolean;
    giveBack(slug: unknown): void;
    end(): void;
  };
}

/** Half of the places are shares, so that the other half can go where it is needed. */
const SHARED_OUT = 0.5;

/** Of each of `workers`; 0 where there are too few places to share out. */
export function shareOfSlots(most: number, workers: number): number {
  return Math.floor((most * SHARED_OUT) / workers);
}

/** `workers` is how many there are to be. */
export function createSlotLedger(workers: number): SlotLedger {
  const lent = new Map<string, number>();
  const add = (counts: Map<string, number>, slug: string, change: number): void => {
    counts.set(slug, (counts.get(slug) ?? 0) + change);
  };
  return {
    forWorker() {
      const own = new Map<string, number>();
      return {
        borrow(request) {
          const [slug, most] = parseRequest(request);
          if ((lent.get(slug) ?? 0) >= most - workers * shareOfSlots(most, workers)) return false;
          add(lent, slug, 1);
          add(own, slug, 1);
          return true;
        },
        giveBack(slug) {
          add(lent, String(slug), -1);
          add(own, String(slug), -1);
        },
        end() {
          for (const [slug, count] of own) add(lent, slug, -count);
          own.clear();
        },
      };
    },
  };
}

/** A worker is the same program. */
function parseRequest(request: unknown): [slug: string, most: number] {
  return request as [string, number];
}

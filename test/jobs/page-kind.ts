// A kind of jobs in five pages, each an effect in the store; and the point at which its process is to be killed.
import type { JobKind } from '../../src/jobs/job.ts';
import { tenantStatement } from '../../src/store/statement.ts';

/** Where the process ends: around the write of a page, or of the job's end. */
export const KILL_POINTS = [
  'before-page-1',
  'during-page-1',
  'after-page-1',
  'during-page-3',
  'after-page-5',
  'during-end',
  'after-end',
] as const;

const appendMark = tenantStatement(
  'test.page_mark',
  'UPDATE tenants SET settings = settings || :mark WHERE id = :tenant',
);
export const readMarks = tenantStatement<{ settings: string }>(
  'test.page_marks',
  'SELECT settings FROM tenants WHERE id = :tenant',
);

/** What the store holds when every page and the end took effect once. */
export const ALL_MARKS = '{}12345.';

/** `reached` is called at each point; a write is under way at those that are called `during`. */
export function pageKind(reached: (point: string) => void): JobKind {
  return {
    name: 'pages',
    async run({ checkpoint, progress }) {
      for (let page = Number(checkpoint?.done ?? 0) + 1; page <= 5; page += 1) {
        reached(`before-page-${page}`);
        const steps = [{ statement: appendMark, values: { mark: String(page) } }];
        const write = progress(page / 5, { checkpoint: { done: page }, steps });
        // The group leaves at the end of the loop's turn; after that it is on its way.
        await new Promise((resolve) => setImmediate(resolve));
        reached(`during-page-${page}`);
        await write;
        reached(`after-page-${page}`);
      }
      setImmediate(() => setImmediate(() => reached('during-end')));
      return { steps: [{ statement: appendMark, values: { mark: '.' } }] };
    },
  };
}

// The pages about tools as a reader follows them: their files written, their commands run, their outputs compared.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { documentBlocks, isPrinted } from '../support/document-blocks.ts';
import { runQuayside } from '../support/finished-process.ts';
import { type Product, startProduct } from '../support/product.ts';
import { createWorkspace, type Workspace } from '../support/workspace.ts';

const TIMEOUT_MS = 60_000;
/** What the pages call the server that they start. */
const SERVED = 'http://127.0.0.1:3000';

describe.each(['docs/tools.md', 'docs/discovery.md'])('%s', (page) => {
  const { files, runs } = documentBlocks(page);
  let workspace: Workspace;
  let product: Product | undefined;

  beforeAll(() => {
    workspace = createWorkspace(files);
  });
  afterAll(async () => {
    await product?.stop();
    workspace.remove();
  });

  test.each(runs.map((run) => ({ ...run, line: run.words.join(' ') })))(
    '$line',
    async ({ words, exitCode, output }) => {
      if (words[0] === 'serve') {
        product = await startProduct({ definition: { path: `${workspace.directory}/${words[1]}` } });
        return;
      }
      const origin = product?.origin ?? SERVED;
      const { code, out, err } = await runQuayside(
        words.map((word) => word.replace(SERVED, origin)),
        { cwd: workspace.directory },
      );
      expect([code, err], out).toEqual([exitCode, exitCode === 0 ? '' : err]);
      if (output !== undefined) expect(isPrinted(output, out), out).toBe(true);
    },
    TIMEOUT_MS,
  );
});

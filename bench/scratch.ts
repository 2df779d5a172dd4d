// One folder for everything a run of the benchmarks writes; it goes away with the run.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The run's own folder, made when this module is loaded and removed when the process ends. */
export const scratchFolder: string = mkdtempSync(join(tmpdir(), 'quayside-bench-'));

process.once('exit', () => rmSync(scratchFolder, { recursive: true, force: true }));

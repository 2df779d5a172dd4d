// The sample definition works in every clone that was set up, whichever command comes first.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runNode } from './execute.mjs';
import { LauncherError, projectFolder } from './terms.mjs';

const database = join(projectFolder, 'examples', 'shop', 'shop.db');
const script = join(projectFolder, 'examples', 'prepare.ts');

/** Makes the sample's database once; a package that ships without the examples has no sample. */
export async function ensureSample({ node }) {
  if (existsSync(database) || !existsSync(script)) return;
  const code = await runNode({ node, args: [script] });
  if (code !== 0) throw new LauncherError(`the sample database could not be made (exit ${code})`);
}

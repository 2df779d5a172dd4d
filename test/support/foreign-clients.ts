// The clients of test/clients: installed on first use, each run as a process of its own.
import { join } from 'node:path';
import { runProcess } from './finished-process.ts';
import { PROJECT } from './product.ts';
import type { Tour } from './sample-tour.ts';

const FOLDER = join(PROJECT, 'test', 'clients');
/** A hundred packages over a slow network; nothing is fetched when they are there. */
const INSTALL_DEADLINE_MS = 240_000;

/** Installs what the clients need, as the launcher installs the product; resolves with npm's complaint, if any. */
export async function installForeignClients(): Promise<string | undefined> {
  const install = `
    const { ensureInstalled } = await import(${JSON.stringify(join(PROJECT, 'scripts/launcher/install.mjs'))});
    ensureInstalled({ node: process.execPath, production: true, folder: ${JSON.stringify(FOLDER)} });
  `;
  const { code, err } = await runProcess(process.execPath, ['--input-type=module', '--eval', install], {
    deadlineMs: INSTALL_DEADLINE_MS,
  });
  return code === 0 ? undefined : err;
}

export interface ForeignTarget {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Lets the client of that file tour the sample; rejects with what it wrote to stderr when it fails. */
export async function tourWith(file: string, target: ForeignTarget): Promise<Tour> {
  const { code, out, err } = await runProcess(process.execPath, [join(FOLDER, file), JSON.stringify(target)]);
  if (code !== 0) throw new Error(`${file} ended with ${code}.\n${out}\n${err}`);
  const seen: Tour = JSON.parse(out);
  return seen;
}

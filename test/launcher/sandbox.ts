// A small project with this repository's launcher in it, in a folder whose name has a space.

import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../tidy/source-tree.ts';

/** What stands in for the product: says how it was started, then waits for signals when asked to serve. */
const product = `
const words: string[] = process.argv.slice(2);
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.on(name, () => { console.log(name); if (name !== 'SIGHUP') process.exit(7); });
}
if (words.includes('wait')) setInterval(() => {}, 1000);
if (words.includes('fail')) process.exitCode = 3;
console.log(JSON.stringify({ words, version: process.version, cwd: process.cwd(), cache: process.env.NODE_COMPILE_CACHE }));
`;

/** Lets the launcher believe that it runs on an older Node, which is what this machine may not have. */
const olderNode = `--import=data:text/javascript,${encodeURIComponent(
  "Object.defineProperty(process, 'version', { value: 'v20.20.0' })",
)}`;

export interface Outcome {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

export interface RunOptions {
  readonly isOlderNode?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

/** Packages as a lockfile has them. */
export type Packages = Readonly<Record<string, { readonly version: string; readonly dev?: boolean }>>;

export interface Sandbox {
  readonly folder: string;
  /** Makes a package look installed, as npm records it. */
  recordInstalled(packages: Packages): void;
  /** Puts this machine's Node where a fetched one lies. */
  addFetchedNode(version: string): void;
  start(words: readonly string[], options?: RunOptions): ChildProcess;
  run(words: readonly string[], options?: RunOptions): Promise<Outcome>;
  remove(): void;
}

/** Makes the project with `packages` in its lockfile. */
export function createSandbox(packages: Packages = {}): Sandbox {
  const folder = join(mkdtempSync(join(tmpdir(), 'quayside-launcher-')), 'a project');
  mkdirSync(join(folder, 'src'), { recursive: true });
  mkdirSync(join(folder, 'examples'));
  cpSync(join(root, 'scripts'), join(folder, 'scripts'), { recursive: true });
  cpSync(join(root, 'bin'), join(folder, 'bin'), { recursive: true });
  writeFileSync(join(folder, 'src', 'main.ts'), product);
  writeFileSync(join(folder, 'examples', 'start.ts'), "import '../src/main.ts';\n");
  const versions = Object.entries(packages).map(([path, { version }]) => [
    path.replace('node_modules/', ''),
    version,
  ]);
  const manifest = {
    name: 'a-project',
    version: '1.2.3',
    type: 'module',
    dependencies: Object.fromEntries(versions),
  };
  writeJson(join(folder, 'package.json'), manifest);
  writeJson(join(folder, 'package-lock.json'), {
    ...manifest,
    lockfileVersion: 3,
    packages: { '': manifest, ...packages },
  });

  const start = (
    words: readonly string[],
    { isOlderNode = false, env = {} }: RunOptions = {},
  ): ChildProcess =>
    spawn(process.execPath, [...(isOlderNode ? [olderNode] : []), ...words], {
      cwd: folder,
      env: { ...ownEnvironment(), ...env },
    });

  return {
    folder,
    start,
    run: (words, options) => outcomeOf(start(words, options)),
    recordInstalled(installed) {
      mkdirSync(join(folder, 'node_modules'), { recursive: true });
      writeJson(join(folder, 'node_modules', '.package-lock.json'), {
        lockfileVersion: 3,
        packages: installed,
      });
    },
    addFetchedNode(version) {
      const place = join(folder, '.node', 'node_modules', `node-${process.platform}-${process.arch}`);
      mkdirSync(join(place, 'bin'), { recursive: true });
      writeJson(join(place, 'package.json'), { version });
      symlinkSync(process.execPath, join(place, 'bin', 'node'));
    },
    remove: () => rmSync(join(folder, '..'), { recursive: true, force: true }),
  };
}

/** Collects what a process prints until it ends. */
export async function outcomeOf(child: ChildProcess): Promise<Outcome> {
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const [output = [], errors = [], code] = await Promise.all([
    child.stdout?.toArray(),
    child.stderr?.toArray(),
    ended,
  ]);
  return { code, output: Buffer.concat(output).toString(), errors: Buffer.concat(errors).toString() };
}

/** The tests may themselves run below npm; what npm told them must not reach the launcher under test. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|NODE_OPTIONS$|NODE_COMPILE_CACHE$)/i.test(name),
  );
  return Object.fromEntries(entries);
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, JSON.stringify(value));
}

// Clones a repository over https with the system's git, which is given no way to anything but the host that was judged.
import { type ChildProcess, spawn } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Egress } from '../../../egress/egress.ts';
import { EgressError } from '../../../egress/egress-error.ts';
import { CodeRefusal } from '../code-tool.ts';

/** Bounds of a clone (spec code §4). */
const CLONE_BYTES_MAX = 2 * 1024 ** 3;
const CLONE_FILES_MAX = 100_000;
const CLONE_MS_MAX = 600_000;
/** How often the size of what arrives is looked at. */
const SIZE_LOOK_MS = 500;
/** Longer than any resolver takes. */
const JUDGE_MS = 10_000;
/** The first that takes addresses for a host (http.curloptResolve). */
const GIT_VERSION_MIN: readonly [number, number] = [2, 37];
const ERROR_SHOWN_MAX = 300;
const LISTING_BYTES_MAX = 64 * 1024 * 1024;

/** What is cloned, and where to. */
export interface CloneWish {
  readonly url: string;
  readonly branch: string | null;
  /** The state that is wanted; null: the newest. */
  readonly commit: string | null;
  /** Made by git; must not exist. */
  readonly directory: string;
  readonly signal: AbortSignal;
}

/** What cloning works with. */
export interface CloneDeps {
  readonly egress: Pick<Egress, 'judge'>;
  /** `host` or `host:port` that may be cloned from; none when empty. */
  readonly hosts: readonly string[];
  /** Of the process: its search path, and the certificates it trusts. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * One state of one branch, without history. A commit that the host does not give away any more is `clone_failed`.
 * @throws CodeRefusal; what was made then is left to the caller.
 */
export async function cloneRepository(wish: CloneWish, deps: CloneDeps): Promise<void> {
  const target = await judge(wish.url, deps);
  const git = createGit(deps.environment, AbortSignal.any([wish.signal, AbortSignal.timeout(CLONE_MS_MAX)]));
  await demandVersion(git);
  const branch = wish.branch === null ? [] : ['--branch', wish.branch];
  const flags = ['--depth', '1', '--single-branch', '--no-tags', '--no-checkout', '--template=', '--quiet'];
  await git([...confined(target), 'clone', ...flags, ...branch, '--', target.url, wish.directory], {
    watch: wish.directory,
  });
  const state = wish.commit ?? 'HEAD';
  const newest = (await git(['-C', wish.directory, 'rev-parse', 'HEAD'])).trim();
  if (wish.commit !== null && wish.commit !== newest) {
    const fetch = ['fetch', '--depth', '1', '--no-tags', '--quiet', 'origin', wish.commit];
    await git([...confined(target), '-C', wish.directory, ...fetch], { watch: wish.directory });
  }
  // Counted before anything is unpacked: a small pack can hold a huge tree.
  await demandSize(await git(['-C', wish.directory, 'ls-tree', '-r', '-l', '-z', state]));
  await git([...UNPACKING, '-C', wish.directory, 'reset', '--quiet', '--hard', state]);
}

/** Whether a text is meant as an address and not as a path. */
export function isAddress(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text) || /^[^/\\]+@[^/\\]+:/.test(text);
}

/** @throws CodeRefusal `url_refused`. */
async function judge(url: string, { egress, hosts }: CloneDeps): Promise<Target> {
  const parsed = URL.parse(url);
  if (parsed === null || parsed.protocol !== 'https:')
    throw refusal('url_refused', 'Only https:// addresses are cloned.');
  if (parsed.username !== '' || parsed.password !== '' || parsed.search !== '' || parsed.hash !== '')
    throw refusal('url_refused', 'The address must hold no user, password, query or fragment.');
  const place = parsed.port === '' ? `${parsed.hostname}:443` : parsed.host;
  if (!hosts.some((host) => place === (/:\d+$/.test(host) ? host : `${host}:443`).toLowerCase()))
    throw refusal(
      'url_refused',
      `Nothing is cloned from ${parsed.host}; it is opened by packs.code.references.gitHosts.`,
    );
  try {
    const judged = await egress.judge({ url: parsed.href, timeoutMs: JUDGE_MS, purpose: 'git' });
    // As it was parsed, and not as it was written: git's own parser must find the host that was judged.
    return { ...judged, url: parsed.href };
  } catch (error) {
    if (!(error instanceof EgressError)) throw error;
    throw refusal('url_refused', `${parsed.host} may not be reached from here (${error.reason}).`);
  }
}

interface Target {
  readonly url: string;
  readonly hostname: string;
  readonly port: number;
  readonly addresses: readonly string[];
}

const UNPACKING = [
  '-c',
  'core.hooksPath=/dev/null',
  '-c',
  'core.symlinks=false',
  '-c',
  'core.fsmonitor=false',
];

/**
 * Connects to the judged addresses alone: no redirect (which also ends alternates of the old protocol), no other
 * protocol, no proxy, no bundle, no submodule, no helper that knows a password.
 */
function confined({ hostname, port, addresses }: Target): readonly string[] {
  const pinned = addresses.map((address) => (address.includes(':') ? `[${address}]` : address)).join(',');
  // An address needs no resolver.
  const isName = !addresses.includes(hostname);
  return [
    ...(isName ? [`http.curloptResolve=${hostname}:${port}:${pinned}`] : []),
    'http.followRedirects=false',
    'http.proxy=',
    'credential.helper=',
    'core.askPass=',
    'protocol.allow=never',
    'protocol.https.allow=always',
    'transfer.bundleURI=false',
    'transfer.fsckObjects=true',
    'submodule.recurse=false',
    'gc.auto=0',
  ]
    .flatMap((setting) => ['-c', setting])
    .concat(UNPACKING);
}

type Git = (words: readonly string[], options?: { readonly watch?: string }) => Promise<string>;

/** Runs git with an environment of its own: nothing that the user configured takes effect. */
function createGit(environment: CloneDeps['environment'], signal: AbortSignal): Git {
  const trusted = environment.GIT_SSL_CAINFO ?? environment.SSL_CERT_FILE;
  const env = {
    PATH: environment.PATH,
    LC_ALL: 'C',
    HOME: '/nonexistent',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_LFS_SKIP_SMUDGE: '1',
    GIT_ALLOW_PROTOCOL: 'https',
    ...(trusted === undefined ? {} : { GIT_SSL_CAINFO: trusted }),
  };
  return (words, { watch } = {}) =>
    new Promise((resolve, reject) => {
      const child = spawn('git', words, { env, stdio: ['ignore', 'pipe', 'pipe'], signal });
      let out = '';
      let err = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        out += text;
        if (out.length > LISTING_BYTES_MAX) end(child);
      });
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        err = (err + text).slice(-ERROR_SHOWN_MAX);
      });
      let isTooLarge = false;
      const look = () =>
        packBytes(watch ?? '').then((bytes) => {
          if (bytes <= CLONE_BYTES_MAX) return;
          isTooLarge = true;
          end(child);
        });
      const timer = watch === undefined ? undefined : setInterval(() => void look(), SIZE_LOOK_MS);
      child.once('error', (error: NodeJS.ErrnoException) => {
        clearInterval(timer);
        if (error.code === 'ENOENT') reject(refusal('clone_failed', 'This machine has no git; install it.'));
        else reject(refusal('clone_failed', 'The clone took too long, or was cancelled.'));
      });
      child.once('close', (code) => {
        clearInterval(timer);
        if (code === 0) resolve(out);
        else if (isTooLarge || out.length > LISTING_BYTES_MAX) reject(tooLarge());
        else reject(refusal('clone_failed', `The repository was not cloned: ${lastLine(err)}`));
      });
    });
}

function end(child: ChildProcess): void {
  child.kill('SIGKILL');
}

/** 0 as long as nothing is there; what is being moved is counted next time. */
async function packBytes(directory: string): Promise<number> {
  const folder = join(directory, '.git', 'objects', 'pack');
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(folder, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function demandVersion(git: Git): Promise<void> {
  const text = await git(['--version']);
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(text) ?? []).slice(1).map(Number);
  const [wanted, wantedMinor] = GIT_VERSION_MIN;
  if (major > wanted || (major === wanted && minor >= wantedMinor)) return;
  throw refusal('clone_failed', `Cloning needs git ${GIT_VERSION_MIN.join('.')} or newer.`);
}

/** A row of ls-tree: `mode type object size<TAB>path`, the size `-` for what is no file. */
async function demandSize(listing: string): Promise<void> {
  const rows = listing.split('\0').filter((row) => row !== '');
  const bytes = rows.reduce((sum, row) => sum + (Number(/ +(\d+)\t/.exec(row)?.[1]) || 0), 0);
  if (rows.length > CLONE_FILES_MAX || bytes > CLONE_BYTES_MAX) throw tooLarge();
}

function tooLarge(): CodeRefusal {
  const size = `${CLONE_FILES_MAX} files or ${CLONE_BYTES_MAX / 1024 ** 3} GiB`;
  return refusal('repository_too_large', `The repository holds more than ${size}.`);
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

function refusal(code: string, message: string): CodeRefusal {
  return new CodeRefusal(code, message);
}

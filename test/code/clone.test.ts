// Repositories that are cloned: from hosts that were opened, over https, to the addresses that were judged and no others.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createEgress } from '../../src/egress/egress.ts';
import { cloneRepository } from '../../src/packs/code/repositories/git-clone.ts';
import { createKeptLog } from '../support/kept-log.ts';
import { type CodeServer, startCodeServer } from './code-server.ts';
import { type GitServer, startGitServer } from './git-server.ts';

const TREE = {
  'src/shop.py': 'def cloned_word():\n    return 1\n',
  '.gitattributes': '*.py filter=evil\n',
  'docs/readme.md': '# Shop\n',
};

let git: GitServer;
let other: GitServer;
let work: string;

beforeAll(async () => {
  [git, other] = [await startGitServer(TREE), await startGitServer(TREE)];
  work = mkdtempSync(join(tmpdir(), 'quayside-clone-'));
}, 60_000);
afterAll(async () => {
  await Promise.all([git?.close(), other?.close()]);
  rmSync(work, { recursive: true, force: true });
});

let nextClone = 0;

/** Clones as the pack does; `allow` is QUAYSIDE_EGRESS_ALLOW. */
async function clone(
  url: string,
  options: {
    readonly allow?: string;
    readonly hosts?: readonly string[];
    readonly branch?: string;
    readonly commit?: string;
    readonly resolve?: readonly string[];
    readonly certificate?: string;
    readonly environment?: Readonly<Record<string, string>>;
    readonly signal?: AbortSignal;
  } = {},
): Promise<string> {
  const directory = join(work, String(nextClone++));
  const { allow = git.place, hosts = [git.place], branch = null, resolve } = options;
  const egress = createEgress({
    allow,
    log: createKeptLog().log,
    ...(resolve === undefined ? {} : { resolveHost: () => Promise.resolve(resolve) }),
  });
  try {
    await cloneRepository(
      {
        url,
        branch,
        commit: options.commit ?? null,
        directory,
        signal: options.signal ?? new AbortController().signal,
      },
      {
        egress,
        hosts,
        environment: {
          PATH: process.env.PATH,
          GIT_SSL_CAINFO: options.certificate ?? git.certificate,
          ...options.environment,
        },
      },
    );
    return directory;
  } finally {
    await egress.close();
  }
}

const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => 'was cloned',
    (error: { code?: string }) => error.code,
  );

test('P42: one branch is cloned without history, hooks or filters', async () => {
  const main = await clone(`${git.origin}/shop.git`);
  expect(readdirSync(main).sort()).toEqual(['.git', '.gitattributes', 'docs', 'src']);
  expect(existsSync(join(main, '.git', 'shallow'))).toBe(true);
  expect(existsSync(join(main, '.git', 'hooks'))).toBe(false);
  const next = await clone(`${git.origin}/shop.git`, { branch: 'next' });
  expect(existsSync(join(next, 'next.ts'))).toBe(true);
  expect(await refusal(clone(`${git.origin}/shop.git`, { branch: 'nowhere' }))).toBe('clone_failed');
  expect(await refusal(clone(`${git.origin}/nothing.git`))).toBe('clone_failed');
});

test('P42: addresses that are no plain https of an opened host reach nobody', async () => {
  const asked = git.requests.length;
  const urls = [
    git.origin.replace('https:', 'http:'),
    git.origin.replace('https:', 'git:'),
    `ssh://${git.place}`,
    `ext::sh -c touch% ${work}/pwned`,
    `git@${git.place}:shop.git`,
    `file://${work}`,
    git.origin.replace('https://', 'https://user:word@'),
    `${git.origin}/shop.git?token=1`,
    `${git.origin}/shop.git#x`,
    'https://example.com/shop.git',
    `https://127.0.0.1/shop.git`,
    'https://2130706433/shop.git',
    '--upload-pack=touch',
  ];
  for (const url of urls) expect([url, await refusal(clone(url))]).toEqual([url, 'url_refused']);
  expect(git.requests).toHaveLength(asked);
  expect(existsSync(join(work, 'pwned'))).toBe(false);
});

test('P42: a private address is refused unless the operator allows it, whatever name stands for it', async () => {
  const asked = git.requests.length;
  expect(await refusal(clone(`${git.origin}/shop.git`, { allow: '' }))).toBe('url_refused');
  const [, port] = git.place.split(':');
  const named = `https://shop.example:${port}/shop.git`;
  const hosts = [`shop.example:${port}`];
  for (const resolve of [['127.0.0.1'], ['93.184.216.34', '127.0.0.1'], ['::1'], ['169.254.169.254']])
    expect([resolve, await refusal(clone(named, { allow: '', hosts, resolve }))]).toEqual([
      resolve,
      'url_refused',
    ]);
  expect(git.requests).toHaveLength(asked);
});

test('P42: git connects to the address that was judged, not to what the system resolves', async () => {
  const [, port] = git.place.split(':');
  const asked = git.requests.length;
  // No resolver knows the name: only the pinned address leads there, where the certificate is for another name.
  const error = await clone(`https://pinned.invalid:${port}/shop.git`, {
    allow: `pinned.invalid:${port}`,
    hosts: [`pinned.invalid:${port}`],
    resolve: ['127.0.0.1'],
  }).catch((reason: unknown) => String(reason));
  expect(error).toMatch(/certificate|SSL/i);
  expect(git.requests).toHaveLength(asked);
});

test('P42: a redirect is not followed, a proxy of the environment is not used, an unknown certificate is refused', async () => {
  const proxied = await clone(`${git.origin}/shop.git`, {
    environment: { https_proxy: 'http://127.0.0.1:9', ALL_PROXY: 'http://127.0.0.1:9', GIT_TRACE: '1' },
  });
  expect(existsSync(join(proxied, 'src', 'shop.py'))).toBe(true);
  expect(
    await refusal(clone(`${git.origin}/shop.git`, { certificate: '/etc/ssl/certs/ca-certificates.crt' })),
  ).toBe('clone_failed');
  other.redirect(git.origin);
  const asked = git.requests.length;
  const both = { allow: `${git.place},${other.place}`, hosts: [git.place, other.place] };
  const redirected = clone(`${other.origin}/shop.git`, { ...both, certificate: other.certificate });
  expect(await refusal(redirected)).toBe('clone_failed');
  expect(git.requests).toHaveLength(asked);
});

test('P42: a clone that is cancelled ends', async () => {
  expect(await refusal(clone(`${git.origin}/shop.git`, { signal: AbortSignal.abort() }))).toBe(
    'clone_failed',
  );
});

test('P42: a clone is added over MCP, searched, and gone with its folder when it is removed', async () => {
  const data = mkdtempSync(join(tmpdir(), 'quayside-clone-data-'));
  const server: CodeServer = await startCodeServer(
    { 'src/own.ts': 'export const own = 1;\n' },
    {
      data,
      options: `references: { gitHosts: ["${git.place}"] }`,
      env: { QUAYSIDE_EGRESS_ALLOW: git.place, GIT_SSL_CAINFO: git.certificate },
    },
  );
  try {
    const added = await server.client.callTool({
      name: 'add_reference_repository',
      arguments: { path: `${git.origin}/shop.git`, days_to_keep: 1 },
    });
    expect(added.structuredContent).toMatchObject({
      repository: { name: 'shop', type: 'reference' },
      metadata_summary: { days_remaining: 1 },
    });
    await expect
      .poll(async () => (await server.call('search_code', { query: 'cloned_word' })).total_found, {
        timeout: 20_000,
      })
      .toBe(1);
    expect(readdirSync(join(data, 'repositories'))).toHaveLength(1);
    expect(
      (await server.refused('add_reference_repository', { path: 'https://example.com/a.git' })).code,
    ).toBe('url_refused');
    await server.call('cleanup_repositories', { repository_types: ['reference'] });
    expect(readdirSync(join(data, 'repositories'))).toEqual([]);
    expect(readdirSync(join(data, 'code', 'added'))).toEqual([]);
    expect((await server.call('search_code', { query: 'cloned_word' })).total_found).toBe(0);
  } finally {
    await server.close();
    rmSync(data, { recursive: true, force: true });
  }
}, 60_000);

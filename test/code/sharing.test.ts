// Indexes as signed archives: what another machine answers from one, and everything that is not taken.
import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { indexPlace } from '../../src/packs/code/repositories/index-place.ts';
import { indexRecords } from '../../src/packs/code/repositories/index-record.ts';
import { nodeOf } from '../../src/packs/code/repositories/node.ts';
import { RepositoryIndex } from '../../src/packs/code/repositories/repository-index.ts';
import { createArchiveSigner } from '../../src/packs/code/sharing/signature.ts';
import { TAR_END, tarHeader, tarPadding } from '../../src/packs/code/sharing/tar.ts';
import { embeddedStore, openStore } from '../../src/store/open-store.ts';
import { runCommand } from '../support/command.ts';
import { createKeptLog } from '../support/kept-log.ts';
import { MAIN, productEnvironment } from '../support/product.ts';
import { type CodeServer, startCodeServer, type Tree, writeTree } from './code-server.ts';
import { EMBEDDING_KEY, startEmbeddingServer } from './embedding-server.ts';

const TEST_MS = 180_000;
const FILES = 60;
const TREE: Tree = {
  ...Object.fromEntries(
    Array.from({ length: FILES }, (_, at) => [
      `src/f${at}.ts`,
      `// file ${at}\nexport function planted${at}(total: number) {\n  return total + ${at};\n}\n`,
    ]),
  ),
  '.gitignore': 'private/\n*.log\n',
  'private/own.ts': 'export const planted_private = 1;\n',
  'deploy.key': '-----BEGIN PRIVATE KEY-----\nplanted_key\n',
  '.env': 'PLANTED=1\n',
};

let work: string;
const servers: CodeServer[] = [];

beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'quayside-sharing-'));
  for (const machine of ['here', 'there']) writeTree(join(work, machine, 'tree'), TREE);
  for (const machine of ['here', 'there'])
    writeFileSync(
      join(work, machine, 'quayside.yaml'),
      'name: shop\nversion: 1.0.0\npacks: { code: { paths: [./tree] } }\n',
    );
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
  rmSync(work, { recursive: true, force: true });
}, TEST_MS);

/** `quayside code` on one of two machines, which have nothing in common but the tree. */
function code(machine: 'here' | 'there', ...words: string[]) {
  const home = join(work, machine);
  return runCommand(['code', ...words, '--on', join(home, 'quayside.yaml'), '--data', join(home, 'data')]);
}

const archive = () => join(work, 'index.tar.gz');

function exported(...words: string[]): string {
  expect(code('here', 'index').code).toBe(0);
  const made = code('here', 'export', 'tree', '-o', archive(), ...words);
  expect([made.err, made.code]).toEqual(['', 0]);
  return /--trust (\S+)/.exec(made.out)?.[1] ?? '';
}

async function serve(machine: 'here' | 'there', options = ''): Promise<CodeServer> {
  const home = join(work, machine);
  const server = await startCodeServer(
    {},
    {
      root: join(home, 'tree'),
      data: join(home, 'data'),
      ...(options === '' ? {} : { options }),
    },
  );
  servers.push(server);
  return server;
}

interface Entry {
  readonly name: string;
  readonly body: Buffer;
}

function entriesOf(bytes: Buffer): Entry[] {
  const tar = gunzipSync(bytes);
  const entries: Entry[] = [];
  for (let at = 0; tar[at] !== 0; ) {
    const name = tar.toString('latin1', at, tar.indexOf(0, at));
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 135), 8);
    entries.push({ name, body: Buffer.from(tar.subarray(at + 512, at + 512 + size)) });
    at += 512 + size + tarPadding(size).length;
  }
  return entries;
}

const packed = (entries: readonly Entry[], end: Buffer = TAR_END) =>
  gzipSync(
    Buffer.concat([
      ...entries.flatMap(({ name, body }) => [tarHeader(name, body.length), body, tarPadding(body.length)]),
      end,
    ]),
  );

/** The archive with another manifest, signed anew by a key that is trusted. */
function resigned(entries: readonly Entry[], seed: string, change: (manifest: Manifest) => object): Buffer {
  const [first, , ...rest] = entries;
  const signer = createArchiveSigner(seed);
  const manifest = Buffer.from(JSON.stringify(change(JSON.parse(String(first?.body)))));
  const signature = Buffer.from(JSON.stringify({ key: signer.publicKey, signature: signer.sign(manifest) }));
  return packed([
    { name: 'manifest.json', body: manifest },
    { name: 'manifest.sig', body: signature },
    ...rest,
  ]);
}
interface Manifest {
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[];
}

/** Every file of the data folder but the database, by content. */
function stateOf(machine: 'here' | 'there'): Record<string, string> {
  const home = join(work, machine, 'data', 'code');
  if (!existsSync(home)) return {};
  const names = readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile() && one.name !== 'node')
    .map((one) => join(one.parentPath, one.name));
  return Object.fromEntries(
    names.map((name) => [name, createHash('sha256').update(readFileSync(name)).digest('hex')]),
  );
}

test(
  'P41: export, import on another machine: the same answers, nothing parsed, and what differs is read alone',
  async () => {
    const key = exported();
    // A file more, one other, one less: as after some commits.
    writeTree(join(work, 'there', 'tree'), {
      'src/new.ts': 'export const late = 1;\n',
      'src/f1.ts': '// other\n',
    });
    rmSync(join(work, 'there', 'tree', 'src/f2.ts'));
    const imported = code('there', 'import', archive(), '--trust', key);
    expect([imported.err, imported.out, imported.code]).toEqual([
      '',
      `tree: ${FILES} files taken over, 2 read anew, 1 removed\n`,
      0,
    ]);
    const there = await serve('there', 'autoIndex: false, watch: false');
    const fresh = await startCodeServer({}, { root: join(work, 'there', 'tree') });
    servers.push(fresh);
    const answers = async (server: CodeServer) => {
      const found: unknown[] = [];
      for (let at = 0; at < 100; at++) {
        const query = at % 2 === 0 ? `planted${at >> 1}` : `total \\+ ${at >> 1};`;
        const { results } = await server.call('search_code', {
          query,
          search_type: at % 2 === 0 ? 'literal' : 'regex',
        });
        found.push(results.map(({ file, line, symbol }) => [file, line, symbol]));
        const { structuredContent } = await server.client.callTool({
          name: 'lookup_symbol',
          arguments: { symbol: `planted${at}` },
        });
        found.push((structuredContent as { readonly total_matches?: number }).total_matches ?? 0);
      }
      return found;
    };
    // Both have to know the symbols by then.
    await there.call('lookup_symbol', { symbol: 'planted5' });
    await fresh.call('lookup_symbol', { symbol: 'planted5' });
    const [own, other] = [await answers(there), await answers(fresh)];
    expect(own).toHaveLength(200);
    expect(own).toEqual(other);
    expect((await there.call('search_code', { query: 'late = 1' })).total_found).toBe(1);
    expect((await there.call('index_project')).statistics).toMatchObject({ parsed_files: 0 });
  },
  TEST_MS,
);

test(
  'P41: with --embeddings the vectors come along, and no text is sent to the model again',
  async () => {
    const endpoint = await startEmbeddingServer();
    try {
      const semantic = `semantic: { baseUrl: ${JSON.stringify(endpoint.baseUrl)}, model: m, apiKey: ${EMBEDDING_KEY} }`;
      const untilReady = (server: CodeServer) =>
        expect
          .poll(async () => JSON.stringify(await server.call('get_status')), { timeout: 60_000 })
          .toContain('"semantic":{"state":"ready"');
      const here = await serve('here', semantic);
      await untilReady(here);
      const found = await here.call('search_code', { query: 'delete', semantic: true });
      expect(endpoint.texts()).toHaveLength(FILES + 1);
      await servers.pop()?.close();
      const key = exported('--embeddings');
      expect(code('there', 'import', archive(), '--trust', key).code).toBe(0);
      const there = await serve('there', semantic);
      await untilReady(there);
      const again = await there.call('search_code', { query: 'delete', semantic: true });
      expect(again.results.map(({ file, score }) => [file, score])).toEqual(
        found.results.map(({ file, score }) => [file, score]),
      );
      // The question alone.
      expect(endpoint.texts()).toHaveLength(FILES + 2);
      const without = exported();
      expect(without).toBe(key);
      const names = entriesOf(readFileSync(archive())).map(({ name }) => name);
      expect(names.filter((name) => name.startsWith('vectors/'))).toEqual([]);
    } finally {
      await endpoint.close();
    }
  },
  TEST_MS,
);

test(
  'N9: what is ignored or secret is in no archive, also where it was searched once',
  async () => {
    writeTree(join(work, 'here', 'tree'), { 'src/once.ts': 'export const planted_once = 1;\n' });
    expect(code('here', 'index').code).toBe(0);
    writeTree(join(work, 'here', 'tree'), { '.gitignore': 'private/\n*.log\nonce.ts\n' });
    exported();
    const all = Buffer.concat(entriesOf(readFileSync(archive())).map(({ body }) => body)).toString('latin1');
    expect(all).toContain('planted59');
    for (const secret of ['planted_private', 'planted_key', 'planted_once', 'PLANTED=1', 'deploy.key'])
      expect([secret, all.includes(secret)]).toEqual([secret, false]);
  },
  TEST_MS,
);

test(
  'P41: a changed, cut, unsigned, foreign or dangerous archive is refused by name, and nothing is changed',
  async () => {
    const seed = randomBytes(32).toString('base64');
    const keyFile = join(work, 'key');
    writeFileSync(keyFile, `${seed}\n`);
    const trusted = createArchiveSigner(seed).publicKey;
    exported('--key', keyFile);
    expect(code('there', 'index').code).toBe(0);
    const before = stateOf('there');
    const good = readFileSync(archive());
    const entries = entriesOf(good);
    const flipped = entries.map(({ name, body }) => {
      if (!name.endsWith('.segment')) return { name, body };
      const changed = Buffer.from(body);
      changed[100] = (changed[100] ?? 0) ^ 1;
      return { name, body: changed };
    });
    const [manifest, signature, ...files] = entries as [Entry, Entry, ...Entry[]];
    const lied = Buffer.from(String(manifest.body).replace('"repository":"tree"', '"repository":"trea"'));
    const evil = (name: string) =>
      resigned([manifest, signature, { name, body: Buffer.from('evil') }, ...files], seed, (one) => ({
        ...one,
        files: [{ name, bytes: 4, sha256: createHash('sha256').update('evil').digest('hex') }, ...one.files],
      }));
    const bomb = gzipSync(Buffer.concat([tarHeader('manifest.json', 8 ** 11 - 1), Buffer.alloc(64 << 20)]));
    const link = tarHeader('manifest.json', 0);
    link.write('2', 156);
    link.write('        ', 148);
    link.write(
      `${link
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    );
    const rows: readonly (readonly [string, Buffer, RegExp])[] = [
      ['a bit flipped', packed(flipped), /is not what its manifest says/],
      [
        'another manifest',
        packed([{ ...manifest, body: lied }, signature, ...files]),
        /signature of the archive is not/,
      ],
      ['no signature', packed([manifest, ...files]), /has no manifest\.sig/],
      [
        'an empty signature',
        packed([manifest, { ...signature, body: Buffer.from('{}') }, ...files]),
        /not signed/,
      ],
      ['cut in the middle', good.subarray(0, good.length >> 1), /cannot be unpacked|ends early/],
      ['cut at its start', good.subarray(0, 20), /cannot be unpacked|ends early/],
      ['a file missing', packed(entries.slice(0, -1)), /lacks|in place of/],
      [
        'a file more',
        packed([...entries, { name: 'text/9.segment', body: Buffer.from('x') }]),
        /more than its manifest/,
      ],
      ['something behind it', packed(entries, Buffer.alloc(1 << 20, 'x')), /header that is none/],
      ['no archive', Buffer.from('hello'), /cannot be unpacked/],
      ['an empty file', Buffer.alloc(0), /cannot be unpacked|ends early/],
      ['a path up', evil('../../evil'), /no export makes/],
      ['an absolute path', evil('/tmp/evil'), /no export makes/],
      ['a path within', evil('text/../../evil'), /no export makes/],
      ['a lock', evil('text/writer.lock'), /no export makes/],
      ['a link', gzipSync(Buffer.concat([link, TAR_END])), /no plain file/],
      ['a bomb', bomb, /has \d+ bytes and may have/],
      [
        'too much of it',
        resigned(entries, seed, (one) => ({
          ...one,
          files: one.files.map((file) => ({ ...file, bytes: 2 ** 40 })),
        })),
        /more than 2 GiB/,
      ],
      ['another version', resigned(entries, seed, (one) => ({ ...one, schema: 99 })), /Another version/],
      ['other rules', resigned(entries, seed, (one) => ({ ...one, rules: 'others' })), /other rules/],
      ['no list', resigned(entries, seed, (one) => ({ ...one, files: 7 })), /no archive of an index/],
    ];
    const file = join(work, 'bad.tar.gz');
    for (const [what, bytes, said] of rows) {
      writeFileSync(file, bytes);
      const refused = code('there', 'import', file, '--trust', trusted);
      expect([what, refused.code, refused.out]).toEqual([what, 1, '']);
      expect([what, refused.err]).toEqual([what, expect.stringMatching(said)]);
      expect([what, stateOf('there')]).toEqual([what, before]);
    }
    // Good, but signed by somebody else, too large, or not there.
    expect(code('there', 'import', archive()).err).toMatch(/not trusted; if you know whose it is/);
    expect(code('there', 'import', archive(), '--trust', trusted, '--max-size', '0.001').err).toMatch(
      /may have/,
    );
    expect(code('there', 'import', join(work, 'none'), '--trust', trusted)).toMatchObject({ code: 78 });
    expect(code('there', 'import', archive(), '--trust', 'short')).toMatchObject({ code: 78 });
    expect(code('here', 'export', 'tree', '-o', join(work, 'small'), '--max-size', '0.001').err).toMatch(
      /--max-size/,
    );
    expect(existsSync(join(work, 'small'))).toBe(false);
    expect(existsSync('/tmp/evil')).toBe(false);
    const dry = code('there', 'import', archive(), '--trust', trusted, '--dry-run');
    expect([dry.err, dry.out]).toEqual([
      '',
      `tree: would take over ${FILES} files, of which the tree has ${FILES}\n`,
    ]);
    expect(stateOf('there')).toEqual(before);
    expect(code('there', 'import', archive(), '--trust', trusted).code).toBe(0);
  },
  TEST_MS,
);

test(
  'P41: an archive of another repository, and one for an index that a server writes, are refused',
  async () => {
    const key = exported();
    rmSync(join(work, 'there', 'tree'), { recursive: true });
    writeTree(join(work, 'there', 'tree'), { 'other.ts': 'export const other = 1;\n' });
    expect(code('there', 'import', archive(), '--trust', key).err).toMatch(/is an index of something else/);
    const here = await serve('here');
    await here.call('index_project');
    expect(code('here', 'import', archive())).toMatchObject({ code: 75 });
    expect((await here.call('search_code', { query: 'planted1(' })).total_found).toBe(1);
  },
  TEST_MS,
);

/**
 * What two who do not index by themselves find of an index, which has to be the same; and that whoever indexes next makes
 * it whole. Each has an engine and a view of the store of its own.
 */
async function lookTwice(home: string): Promise<number | 'not ready'> {
  const stateDirectory = join(home, 'data');
  const root = realpathSync(join(home, 'tree'));
  const options = { exclude: [], hidden: false, maxFileSize: 10 << 20 };
  const { id, directory, rules } = indexPlace(root, options, { stateDirectory });
  const found: (number | 'not ready')[] = [];
  for (const isLast of [false, true]) {
    const store = await openStore(embeddedStore(stateDirectory));
    const index = new RepositoryIndex({
      ...{ id, root, directory, rules, autoIndex: false, watch: false, clock: systemClock },
      ...{ records: indexRecords(store, nodeOf(stateDirectory)), log: createKeptLog().log },
    });
    const count = async () =>
      (await index.text.search({ pattern: 'export', want: 'files' }, { limit: 0 })).totals.files;
    try {
      found.push((await index.status()).state === 'ready' ? await count() : 'not ready');
      if (!isLast) continue;
      await index.build();
      expect([(await index.status()).state, await count()]).toEqual(['ready', FILES + 1]);
      await index.text.verify();
      const left = readdirSync(directory, { recursive: true }).map(String);
      expect(left.filter((name) => /\.tmp$|incoming\./.test(name))).toEqual([]);
    } finally {
      await index.close();
      await store.close();
    }
  }
  expect(found[0]).toBe(found[1]);
  return found[0] ?? 'not ready';
}

test(
  'N6: an import that is killed at any moment leaves the old state, the new one, or one that says it is not ready',
  async () => {
    const key = exported();
    const home = join(work, 'there');
    writeTree(join(home, 'tree'), { 'src/own.ts': 'export const only_there = 1;\n' });
    expect(code('there', 'index').code).toBe(0);
    cpSync(join(home, 'data'), join(work, 'pristine'), { recursive: true });
    const words = [
      'code',
      'import',
      archive(),
      '--trust',
      key,
      '--on',
      join(home, 'quayside.yaml'),
      '--data',
      join(home, 'data'),
    ];
    const run = () =>
      spawn(process.execPath, [MAIN, ...words], { env: productEnvironment(), stdio: 'ignore' });
    const directory = () => {
      const names = readdirSync(join(home, 'data', 'code')).filter((name) => /^[0-9a-f]{16}$/.test(name));
      return join(home, 'data', 'code', names[0] ?? '');
    };
    const hasBegun = () => readdirSync(directory()).some((name) => name.startsWith('incoming.'));
    /** Starts one and resolves when it unpacks, from which on there is something to lose. */
    const begin = async () => {
      const child = run();
      const exit = once(child, 'exit');
      await expect.poll(hasBegun, { timeout: 30_000, interval: 1 }).toBe(true);
      return { child, exit, startedAt: performance.now() };
    };
    const first = await begin();
    expect((await first.exit)[0]).toBe(0);
    const spanMs = performance.now() - first.startedAt;
    const outcomes: (number | string)[] = [];
    for (let at = 0; at < 20; at++) {
      rmSync(join(home, 'data'), { recursive: true });
      cpSync(join(work, 'pristine'), join(home, 'data'), { recursive: true });
      const { child, exit } = await begin();
      const { promise, resolve } = Promise.withResolvers<void>();
      setTimeout(resolve, (spanMs * at) / 20);
      await Promise.race([promise, exit]);
      child.kill('SIGKILL');
      await exit;
      outcomes.push(await lookTwice(home));
    }
    // The tree has a file more than the archive: a state without it would be an answer that lacks it.
    expect(outcomes.filter((one) => one !== FILES + 1 && one !== 'not ready')).toEqual([]);
    expect(outcomes).toContain(FILES + 1);
  },
  TEST_MS,
);

test(
  'any tar reads an archive, and the same index makes the same entries',
  () => {
    exported();
    const first = readFileSync(archive());
    exported();
    expect(entriesOf(readFileSync(archive())).map(({ name }) => name)).toEqual(
      entriesOf(first).map(({ name }) => name),
    );
    expect(execFileSync('tar', ['-tzf', archive()], { encoding: 'utf8' })).toMatch(
      /^manifest\.json\nmanifest\.sig\n/,
    );
  },
  TEST_MS,
);

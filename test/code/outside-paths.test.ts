// Ways out of the repositories: however one is written and whichever tool is asked, nothing outside is read or named.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CodeServer, startCodeServer, writeTree } from './code-server.ts';

const PLANTED = 'word_of_outside';
const ALLOWED_CODES: ReadonlySet<unknown> = new Set([
  'path_outside_allowed_roots',
  'url_refused',
  'unknown_file',
  'index_unavailable',
  'reindex_failed',
  'invalid_arguments',
  'not_a_folder',
]);

let server: CodeServer;
/** Lead out by what they say. */
let leading: readonly string[];
/** Lead out by a link, or would if somebody decoded or folded them. */
let disguised: readonly string[];

beforeAll(async () => {
  server = await startCodeServer({ 'src/a.ts': 'export const inside = 1;\n' });
  const { root } = server;
  const above = dirname(root);
  writeTree(above, { 'outside/b.ts': `export const ${PLANTED} = 1;\n` });
  mkdirSync(`${root}-copy`);
  writeFileSync(`${root}-copy/b.ts`, `export const ${PLANTED} = 1;\n`);
  symlinkSync('/etc', join(root, 'link'));
  symlinkSync(join(above, 'outside'), join(root, 'way'));
  symlinkSync(join(above, 'outside/b.ts'), join(root, 'src/b.ts'));
  leading = [
    '..',
    '../',
    '../outside',
    '../outside/b.ts',
    './../outside/b.ts',
    'src/../../outside/b.ts',
    'src/./../../outside',
    'src//..//..//outside/b.ts',
    '../../../../../../../../etc/passwd',
    'SRC/../../OUTSIDE/B.TS',
    '/',
    '//etc/passwd',
    '/etc',
    '/etc/passwd',
    '/proc/self/environ',
    above,
    `${root}/..`,
    `${root}/../outside/b.ts`,
    `${root}/src/../../outside/b.ts`,
    `${root}-copy`,
    `${root}-copy/b.ts`,
    root.toUpperCase(),
    join(above, 'outside/b.ts'),
    join(server.product.directory, 'quayside.yaml'),
    server.product.data,
  ];
  disguised = [
    'link',
    'link/passwd',
    'way',
    'way/b.ts',
    'src/b.ts',
    `${root}/way/b.ts`,
    '%2e%2e/outside/b.ts',
    '..%2foutside%2fb.ts',
    '%2e%2e%2foutside%2fb.ts',
    '%252e%252e/outside/b.ts',
    '..%5coutside%5cb.ts',
    '..\\outside\\b.ts',
    '\\\\server\\share\\b.ts',
    '\\\\?\\C:\\outside\\b.ts',
    'C:\\outside\\b.ts',
    'file:///etc/passwd',
    '~/outside/b.ts',
    '..;/outside/b.ts',
    '\uff0e\uff0e/outside/b.ts',
    '..\0/outside/b.ts',
  ];
}, 60_000);
afterAll(() => server?.close(), 60_000);

test('N10: forty ways out lead nowhere, whichever tool is asked', async () => {
  const paths = [...leading, ...disguised];
  expect(new Set(paths).size).toBeGreaterThanOrEqual(40);
  for (const path of paths) {
    for (const [name, args] of callsWith(path)) {
      const { isError, structuredContent } = await server.client.callTool({ name, arguments: args });
      const { code, statistics } = parseContent(structuredContent);
      const said = JSON.stringify(structuredContent);
      const context = `${name} ${JSON.stringify(args)}: ${said}`;
      expect(said.includes(PLANTED) || said.includes('root:x:0'), context).toBe(false);
      if (isError === true) expect(ALLOWED_CODES.has(code), context).toBe(true);
      // What is no way out by its words may be asked for; there is nothing to be read.
      else expect(disguised.includes(path) && (statistics?.read_files ?? 0) === 0, context).toBe(true);
      if (leading.includes(path) && FILE_TOOLS.has(name))
        expect([path, name, code]).toEqual([path, name, 'path_outside_allowed_roots']);
    }
  }
  for (const path of paths) {
    const uri = `code://file/${path.split('/').map(encodeURIComponent).join('/')}`;
    await expect(server.client.readResource({ uri }), uri).rejects.toMatchObject({ code: -32602 });
  }
  for (const query of [PLANTED, 'root:x:0'])
    expect(await server.call('search_code', { query })).toMatchObject({ total_found: 0 });
  expect(await server.call('list_repositories')).toMatchObject({ total_count: 1 });
  const conflict = await server.refused('index_file', { path: '/etc/passwd', repository: 'sample' });
  expect(conflict.code).toBe('path_outside_allowed_roots');
});

const FILE_TOOLS = new Set([
  'index_file',
  'get_file_outline',
  'analyze_dependencies',
  'add_reference_repository',
]);

function callsWith(path: string): readonly (readonly [string, Readonly<Record<string, unknown>>])[] {
  return [
    ['index_file', { path }],
    ['get_file_outline', { file_path: path }],
    ['analyze_dependencies', { path }],
    ['add_reference_repository', { path }],
    ['index_project', { path }],
    ['search_code', { query: 'export', repository: path }],
  ];
}

interface Content {
  readonly code?: string;
  readonly statistics?: { readonly read_files: number };
}

function parseContent(value: unknown): Content {
  return (value ?? {}) as Content;
}

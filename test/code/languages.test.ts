// Every language of the table: text search and an outline, and how many of the labelled definitions the outline knows.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LANGUAGES, languageOf } from '../../src/packs/code/languages.ts';
import { PARSED_LANGUAGES, SCANNED_LANGUAGES } from '../../src/packs/code/symbols/grammars.ts';
import { type CodeServer, startCodeServer } from './code-server.ts';
import { LABELLED, LABELLED_TREE } from './labelled-outlines.ts';
import { PLANTED } from './planted-symbols.ts';

/** Spec code §8. */
const FIRST_TIER = ['kotlin', 'swift', 'dart', 'scala', 'html', 'markdown'];

let server: CodeServer;
let work: string;

beforeAll(async () => {
  work = mkdtempSync(`${tmpdir()}/quayside-languages-`);
  server = await startCodeServer(Object.assign({}, LABELLED_TREE, ...PLANTED.map(({ files }) => files)));
}, 60_000);
afterAll(async () => {
  await server?.close();
  rmSync(work, { recursive: true, force: true });
});

interface Entry {
  readonly name: string;
  readonly kind: string;
  readonly line_start: number;
  readonly line_end: number;
  readonly children: readonly Entry[];
}

async function outline(path: string): Promise<readonly Entry[]> {
  for (;;) {
    const { isError, structuredContent } = await server.client.callTool({
      name: 'get_file_outline',
      arguments: { file_path: path, include_private: true },
    });
    // All grammars are compiled at the first look.
    const { symbols = [], code } = structuredContent as { symbols?: readonly Entry[]; code?: string };
    if (isError !== true) return symbols;
    if (code !== 'index_unavailable') throw new Error(`${path}: ${code}`);
  }
}

function flat(entries: readonly Entry[]): readonly Entry[] {
  return entries.flatMap((entry) => [entry, ...flat(entry.children)]);
}

test('P45: each of the 47 languages and assembly has symbols, by a grammar or by patterns', async () => {
  expect(LANGUAGES).toHaveLength(48);
  expect([...PARSED_LANGUAGES, ...SCANNED_LANGUAGES].sort()).toEqual(LANGUAGES.map(({ id }) => id).sort());
  const { availability_counts, plugin_availability } = (await server.call('list_plugins')) as never;
  expect(availability_counts).toEqual({ enabled: 48, missing: 0 });
  expect(plugin_availability).toContainEqual({ language: 'kotlin', state: 'enabled', parser: 'patterns' });
});

test('P45: every language that is read by patterns is labelled, and its files are known by their names', () => {
  expect(LABELLED.map(({ language }) => language).sort()).toEqual([...SCANNED_LANGUAGES].sort());
  for (const { language, path } of LABELLED)
    expect([path, languageOf(path)]).toEqual([path, language === 'matlab' ? 'objc' : language]);
});

test.each(LABELLED)(
  'P45: the outline of $language knows its labelled definitions and invents few',
  async ({ language, path, labels }) => {
    const found = flat(await outline(path)).map(({ name, kind, line_start }) => ({
      kind,
      name,
      line: line_start,
    }));
    const key = ({ kind, name, line }: (typeof found)[number]) => `${line} ${kind} ${name}`;
    const known = new Set(found.map(key));
    const missing = labels.filter((label) => !known.has(key(label))).map(key);
    const wanted = new Set(labels.map(key));
    const invented = found.map(key).filter((one) => !wanted.has(one));
    const gate = FIRST_TIER.includes(language) ? 0.95 : 0.8;
    const recall = 1 - missing.length / labels.length;
    expect({
      missing: recall >= gate ? [] : missing,
      invented: invented.slice(Math.floor(labels.length / 5)),
    }).toEqual({
      missing: [],
      invented: [],
    });
  },
);

test('P45: definitions have their extent, what encloses them, and their documentation', async () => {
  const entries = await outline('kotlin/Cart.kt');
  const cart = entries.find(({ name }) => name === 'Cart');
  expect(cart).toMatchObject({ line_start: 13, line_end: 21 });
  expect(cart?.children.map(({ name }) => name)).toContain('total');
  expect(entries.find(({ name }) => name === 'Line')).toMatchObject({ documentation: 'What is bought.' });
  const [shop] = await outline('markdown/readme.md');
  expect(shop?.children.map(({ name }) => name)).toContain('Prices');
});

test('P45: literal, regex and symbol search answer in every language; uses are found and comments are not', async () => {
  for (const { language, path, labels } of LABELLED) {
    const [first] = labels;
    const query = first?.name ?? '';
    const text = await server.call('search_code', { query, file_pattern: path });
    expect([language, text.results[0]?.file]).toEqual([language, path]);
    const pattern = await server.call('search_code', {
      query: '\\w+',
      search_type: 'regex',
      file_pattern: path,
    });
    expect([language, pattern.total_found > 0]).toEqual([language, true]);
    const looked = (await server.call('lookup_symbol', { symbol: query, file_pattern: path })) as never;
    expect([language, looked]).toMatchObject([language, { defined_in: path, line: first?.line }]);
  }
  const uses = (await server.call('find_references', { symbol: 'helper', file_pattern: 'lua/*' })) as never;
  expect(uses).toMatchObject({ total_references: 1, references: [{ line_number: 24, confidence: 0.6 }] });
});

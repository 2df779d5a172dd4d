// Several definitions in one process, and where they are found.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { definitionPath } from '../../src/definition/find-files.ts';
import { loadDefinitions } from '../../src/definition/load.ts';
import { errorsOf, TEST_OPTIONS } from './load-fixture.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quayside-definition-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const minimal = (name: string, more = '') => `name: ${name}\nversion: 1.0.0\n${more}`;

describe('a folder', () => {
  test('is every definition in it, in lexical order, without subfolders and other files', async () => {
    write('b.yaml', minimal('beta'));
    write('a.json', JSON.stringify({ name: 'alpha', version: '1.0.0' }));
    write('c.jsonc', '// third\n{ "name": "gamma", "version": "1.0.0", }');
    write('readme.md', 'no definition');
    mkdirSync(join(folder, 'inner'));
    writeFileSync(join(folder, 'inner', 'd.yaml'), minimal('delta'));
    const { definitions, errors } = await loadDefinitions(folder, TEST_OPTIONS);
    expect(errors).toEqual([]);
    expect(definitions.map(({ definition }) => [definition.slug, definition.default])).toEqual([
      ['alpha', true],
      ['beta', false],
      ['gamma', false],
    ]);
    expect(definitions.every(({ baseDirectory }) => baseDirectory === folder)).toBe(true);
  });

  test('without definitions, and a path that is not there, are errors', async () => {
    expect(errorsOf(await loadDefinitions(folder, TEST_OPTIONS))).toEqual([
      '1:1 file: The folder holds no definition.',
    ]);
    expect(errorsOf(await loadDefinitions(join(folder, 'a.yaml'), TEST_OPTIONS))).toEqual([
      '1:1 file: The file cannot be read (ENOENT).',
    ]);
  });

  test('shares slugs, defaults and process-wide keys', async () => {
    write('a.yaml', minimal('shop'));
    write('b.yaml', minimal('Shop'));
    write('c.yaml', minimal('desk', 'default: true\nport: 3000\n'));
    write('d.yaml', minimal('till', 'default: true\ntransport: { sse: true }\n'));
    write('e.yaml', minimal('idle', 'enabled: false\ndefault: true\nport: 9\n'));
    const { errors } = await loadDefinitions(folder, TEST_OPTIONS);
    expect(errors.map(({ file, line, column, rule }) => [file.slice(-6), line, column, rule])).toEqual([
      ['b.yaml', 1, 7, 'duplicate'],
      ['d.yaml', 3, 1, 'duplicate'],
      ['d.yaml', 4, 14, 'process-wide'],
    ]);
  });
});

test('files that are too large, not UTF-8 or of another kind are refused', async () => {
  const large = write('large.yaml', `name: a\nversion: "1"\ndescription: ${'x'.repeat(5 * 1024 * 1024)}\n`);
  const latin = write('latin.yaml', Buffer.from([0x6e, 0x61, 0x6d, 0x65, 0x3a, 0x20, 0xe4]));
  const text = write('shop.txt', minimal('shop'));
  expect(errorsOf(await loadDefinitions(large, TEST_OPTIONS))[0]).toMatch(
    /^1:1 size: The document has \d+ bytes/,
  );
  expect(errorsOf(await loadDefinitions(latin, TEST_OPTIONS))).toEqual([
    '1:1 syntax: The file is not UTF-8.',
  ]);
  expect(errorsOf(await loadDefinitions(text, TEST_OPTIONS))[0]).toMatch(
    /^1:1 file: The extension is none of/,
  );
});

test('aliases cannot multiply a document without bound', async () => {
  const levels = Array.from(
    { length: 12 },
    (_, index) => `  l${index + 1}: &l${index + 1} [${`*l${index}, `.repeat(10)}]`,
  );
  const bomb = write('bomb.yaml', minimal('bomb', `metadata:\n  l0: &l0 x\n${levels.join('\n')}\n`));
  const { errors } = await loadDefinitions(bomb, TEST_OPTIONS);
  expect(errors.map(({ rule }) => rule)).toEqual(['size']);
});

test('production refuses a file that everybody may write', async () => {
  const path = write('shop.yaml', minimal('shop'));
  chmodSync(path, 0o666);
  const production = { ...TEST_OPTIONS, environment: 'production' };
  expect(errorsOf(await loadDefinitions(path, production))).toEqual([
    '1:1 file: Everybody may write the file, which production refuses.',
  ]);
  chmodSync(path, 0o644);
  expect(errorsOf(await loadDefinitions(path, production))).toEqual([]);
});

test('P78: the path comes from the argument, then CONFIG_PATH, then the usual places', () => {
  expect(definitionPath('a.yaml', { CONFIG_PATH: 'b.yaml' })).toBe('a.yaml');
  expect(definitionPath(undefined, { CONFIG_PATH: 'b.yaml' })).toBe('b.yaml');
  expect([undefined, './quayside.yaml', './quayside.json', '/etc/mcp/config.json']).toContain(
    definitionPath(undefined, { CONFIG_PATH: '' }),
  );
});

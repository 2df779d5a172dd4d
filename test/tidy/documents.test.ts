// The documents tell the truth about the repository they lie in.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { anchorsOf, type Document, documents, linksOf } from './markdown.ts';
import { listFiles, root } from './source-tree.ts';

/** Places of one machine that must not be written into anything that is shared. */
const machinePaths = /(^|[\s"'`(=:])\/(work|root|home\/\w+|opt\/node\d*|Users)\//m;

const textEndings = [
  '.ts',
  '.mjs',
  '.js',
  '.md',
  '.json',
  '.yaml',
  '.yml',
  '.sh',
  '.toml',
  '.service',
  '.conf',
];

describe('documents', () => {
  test('link only to what exists', () => {
    expect(documents().flatMap(brokenLinks)).toEqual([]);
  });

  test('a broken file link and a broken anchor are found', () => {
    const text = '# A b\n[one](missing.md) [two](#a-b) [three](#nothing) [four](https://example.org/x)\n';
    expect(brokenLinks({ path: 'README.md', text })).toHaveLength(2);
  });

  test('ARCHITECTURE.md has at most 150 lines', () => {
    expect(readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8').split('\n').length).toBeLessThanOrEqual(151);
  });

  test('no file names a place of one machine', () => {
    const named = listFiles('.', textEndings)
      .filter((path) => path !== 'test/tidy/documents.test.ts')
      .filter((path) => machinePaths.test(readFileSync(join(root, path), 'utf8')));
    expect(named).toEqual([]);
    expect(machinePaths.test('see /opt/node24/bin')).toBe(true);
  });
});

describe('dependencies', () => {
  const manifest = readJson('package.json');

  test('DEPENDENCIES.md lists exactly those of package.json', () => {
    const text = readFileSync(join(root, 'DEPENDENCIES.md'), 'utf8');
    const [runtime = '', development = ''] = text.split(/^## Development$/m);
    expect(namesIn(runtime)).toEqual(Object.keys(manifest.dependencies ?? {}).sort());
    expect(namesIn(development)).toEqual(Object.keys(manifest.devDependencies ?? {}).sort());
  });

  test('lockfiles are whole, in step, and name no download address', () => {
    const lockfiles = listFiles('.', ['package-lock.json']);
    expect(lockfiles).toContain('package-lock.json');
    for (const path of lockfiles) {
      const { packages = {} } = readJson(path);
      const beside = readJson(posix.join(dirname(path), 'package.json'));
      expect(packages[''], path).toMatchObject({
        ...(beside.dependencies && { dependencies: beside.dependencies }),
      });
      expect(packages['']?.devDependencies ?? {}, path).toEqual(beside.devDependencies ?? {});
      const entries = Object.entries(packages).filter(([name]) => name.includes('node_modules/'));
      expect(
        entries.filter(([, entry]) => entry.link !== true && entry.integrity === undefined),
        path,
      ).toEqual([]);
      expect(
        entries.filter(([, entry]) => entry.link !== true && entry.resolved !== undefined),
        path,
      ).toEqual([]);
    }
  });
});

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly packages?: Readonly<
    Record<string, Manifest & { integrity?: string; resolved?: string; link?: boolean }>
  >;
}

function readJson(path: string): Manifest {
  return JSON.parse(readFileSync(join(root, path), 'utf8'));
}

/** The package names that stand first in the rows of a table. */
function namesIn(text: string): string[] {
  return [...text.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name = '']) => name).sort();
}

function brokenLinks({ path, text }: Document): string[] {
  return linksOf(text)
    .filter((link) => !/^[a-z]+:/i.test(link))
    .filter((link) => !resolves(path, text, link))
    .map((link) => `${path}: ${link}`);
}

function resolves(path: string, text: string, link: string): boolean {
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? path : posix.join(posix.dirname(path), decodeURIComponent(file));
  if (file !== '' && !existsSync(join(root, target))) return false;
  if (anchor === undefined || !target.endsWith('.md')) return true;
  const content = file === '' ? text : readFileSync(join(root, target), 'utf8');
  return anchorsOf(content).has(anchor);
}

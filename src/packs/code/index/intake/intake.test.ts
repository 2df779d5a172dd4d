import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { rgPath } from '@vscode/ripgrep';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { walkDirectory } from './directory-walk.ts';
import { FileReader } from './file-reader.ts';
import { compileGlob } from './glob.ts';
import { type IntakeRules, toIntakeRules } from './intake-rules.ts';
import { PathFilter } from './path-filter.ts';

const base = mkdtempSync(`${tmpdir()}/intake-`);
afterAll(() => rmSync(base, { recursive: true }));

let trees = 0;

function plant(files: Readonly<Record<string, string | Buffer>>): string {
  const root = `${base}/${trees++}`;
  mkdirSync(root);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(`${root}/${path}`), { recursive: true });
    writeFileSync(`${root}/${path}`, content);
  }
  return root;
}

function walk(root: string, options: Partial<IntakeRules> = {}): string[] {
  return [...walkDirectory(root, '', new PathFilter(root, toIntakeRules(options)))].sort();
}

const RIPGREP_RULES = [
  '--no-config',
  '--no-require-git',
  '--no-ignore-parent',
  '--no-ignore-global',
  '--files',
  '--glob=!.git',
  './',
];

function ripgrepFiles(binary: string, root: string, extra: readonly string[] = []): string[] {
  try {
    const output = execFileSync(binary, [...extra, ...RIPGREP_RULES], { cwd: root, encoding: 'utf8' });
    return output
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.slice(2))
      .sort();
  } catch (error) {
    // Status 1: no files.
    if (error instanceof Error && 'status' in error && error.status === 1) return [];
    throw error;
  }
}

describe('ignore rules', () => {
  test('nested files, negation, anchors, directories, hidden names', () => {
    const root = plant({
      '.gitignore': 'build/\n*.log\n!keep.log\n/top.txt\ndocs/*.md\n**/cache\n\\#odd\ntrailing   \n',
      'sub/.gitignore': '!special.log\n*.tmp\n',
      'sub/special.log': '',
      'sub/other.log': '',
      'keep.log': '',
      'x.log': '',
      'top.txt': '',
      'sub/top.txt': '',
      'build/out.ts': '',
      'sub/build/out.ts': '',
      'docs/a.md': '',
      'docs/deep/a.md': '',
      'sub/cache/f': '',
      cache: '',
      '#odd': '',
      trailing: '',
      '.hidden': '',
      '.config/x': '',
      'sub/a.tmp': '',
      'a.tmp': '',
      'node.ts': '',
      '.git/config': '',
    });
    expect(walk(root)).toEqual([
      'a.tmp',
      'docs/deep/a.md',
      'keep.log',
      'node.ts',
      'sub/special.log',
      'sub/top.txt',
    ]);
    expect(walk(root, { ignore: 'none', hidden: true })).not.toContain('.git/config');
    expect(walk(root, { ignore: 'none', hidden: true })).toContain('build/out.ts');
    expect(walk(root, { hidden: true })).toContain('.config/x');
  });

  test('an exclude outranks every ignore file, and .ignore outranks .gitignore', () => {
    const root = plant({
      '.gitignore': '*.gen\n',
      '.ignore': '!a.gen\n!.dot\n',
      'a.gen': '',
      'b.gen': '',
      '.dot': '',
      'secret/x': '',
    });
    expect(walk(root, { exclude: ['secret/'] })).toEqual(['.dot', 'a.gen']);
    expect(walk(root, { exclude: ['*.gen', 'secret/'] })).toEqual(['.dot']);
  });

  test('symbolic links are not followed', () => {
    const root = plant({ 'real/file': 'x' });
    symlinkSync('real', `${root}/link`);
    symlinkSync('/etc/hosts', `${root}/outside`);
    expect(walk(root)).toEqual(['real/file']);
  });

  test('generated trees list the files that ripgrep lists', { timeout: 60_000 }, () => {
    const name = fc.constantFrom('a', 'b', 'ab', 'a.log', '.h', 'lib', 'x-y');
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
    const rule = fc.oneof(
      path,
      fc.constantFrom(
        '*',
        '*.log',
        '!a',
        '!a.log',
        'a/',
        '!lib/',
        '/a',
        '**/b',
        'a/**',
        'a/**/b',
        '[ab]',
        '[!a]',
        '?',
        'a*',
        '# note',
        '',
        '!.h',
        'lib/*',
        '*b*',
        '{a,x}*',
        '\\a',
      ),
    );
    const rules = fc.array(rule, { minLength: 1, maxLength: 5 }).map((lines) => lines.join('\n'));
    const ignores = fc.dictionary(
      fc.constantFrom(
        '.gitignore',
        '.ignore',
        'a/.gitignore',
        'lib/.gitignore',
        'a/b/.ignore',
        'lib/.rgignore',
      ),
      rules,
      { maxKeys: 4 },
    );
    fc.assert(
      fc.property(
        fc.array(path, { minLength: 3, maxLength: 12 }),
        ignores,
        fc.boolean(),
        (paths, ignoreFiles, hidden) => {
          const files: Record<string, string> = { ...ignoreFiles };
          for (const file of paths) {
            const clash = Object.keys(files).some(
              (other) => other === file || other.startsWith(`${file}/`) || file.startsWith(`${other}/`),
            );
            if (!clash) files[file] = 'x';
          }
          const root = plant(files);
          expect(walk(root, { hidden })).toEqual(ripgrepFiles(rgPath, root, hidden ? ['--hidden'] : []));
        },
      ),
      { numRuns: 250 },
    );
  });
});

describe('globs', () => {
  test.each([
    ['*.ts', 'a.ts', true],
    ['*.ts', 'a/b.ts', false],
    ['**/*.ts', 'a/b.ts', true],
    ['**/*.ts', 'a.ts', true],
    ['a/**', 'a/b/c', true],
    ['a/**', 'a', false],
    ['a/**/z', 'a/z', true],
    ['a/**/z', 'a/b/c/z', true],
    ['[a-c]x', 'bx', true],
    ['[!a-c]x', 'bx', false],
    ['{one,two}.md', 'two.md', true],
    ['a?c', 'a/c', false],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'axb', false],
    ['src/**/test?.py', 'src/x/test1.py', true],
    ['[]]', ']', true],
  ])('%s and %s: %s', (glob, path, expected) => {
    expect(compileGlob(glob)(path)).toBe(expected);
  });

  test('a hostile glob takes linear time', () => {
    const test = compileGlob(`${'*a'.repeat(40)}b`);
    const started = performance.now();
    expect(test('a'.repeat(4000))).toBe(false);
    expect(performance.now() - started).toBeLessThan(500);
  });
});

describe('reading files', () => {
  const rules = toIntakeRules({});
  const read = (content: string | Buffer, options: Partial<IntakeRules> = {}, name = 'file.ts') => {
    const root = plant({ [name]: content });
    const file = new FileReader(root, { ...rules, ...options }).read(name);
    return { status: file?.record.status, blob: file?.record.blob, text: file?.text?.toString() };
  };

  test('the blob id is the one git gives', () => {
    expect(read('hello\n').blob).toBe('ce013625030ba8dba906f756967f9e9ca394464a');
    expect(read('').blob).toBe('e69de29bb2d1d6434b8b29ae775ad8c2e48c5391');
  });

  test('a NUL makes a file binary, a byte order mark makes it text', () => {
    expect(read('text\0').status).toBe('binary');
    expect(read(`${'x'.repeat(100_000)}\0`).status).toBe('binary');
    expect(read('\ufeffplain').text).toBe('plain');
    expect(read(Buffer.from('\ufeffwide é', 'utf16le')).text).toBe('wide é');
    expect(read(Buffer.from('\ufeffwide é', 'utf16le').swap16()).text).toBe('wide é');
  });

  test('limits', () => {
    expect(read('x'.repeat(11), { fileBytesMax: 10 }).status).toBe('too_large');
    expect(read(`ok\n${'x'.repeat(11)}\nok`, { lineBytesMax: 10 }).status).toBe('long_line');
    expect(read(`ok\n${'x'.repeat(10)}\nok`, { lineBytesMax: 10 }).status).toBe('indexed');
  });

  test('secrets are not read, unless asked for', () => {
    for (const name of ['.env', '.env.local', 'a/server.pem', 'id.key', 'x.P12', 'c.pfx', 'd.crt']) {
      expect(read('A=1', {}, name).status, name).toBe('secret');
    }
    const block = 'text\n-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----\n';
    expect(read(block, {}, 'notes.md').status).toBe('secret');
    expect(read(block, { secrets: 'include' }, 'notes.md').status).toBe('indexed');
    expect(read('the words PRIVATE KEY----- alone').status).toBe('indexed');
  });

  test('what is no file is not read', () => {
    const root = plant({ 'd/x': '' });
    symlinkSync('/etc/hosts', `${root}/link`);
    const reader = new FileReader(root, rules);
    expect(reader.read('d')).toBeUndefined();
    expect(reader.read('nothing')).toBeUndefined();
    expect(existsSync('/etc/hosts') ? reader.read('link')?.text : undefined).toBeUndefined();
  });
});

import { expect, test } from 'vitest';
import { classPlace, classWeight, type FileClass, fileClass } from './file-class.ts';

test.each<[string, FileClass]>([
  ['src/server/router.ts', 'source'],
  ['lib/config.py', 'source'],
  ['test/router.test.ts', 'test'],
  ['pkg/router_test.go', 'test'],
  ['docs/routing.md', 'docs'],
  ['playground/css/main.js', 'docs'],
  ['vendor/golang.org/x/net/http.go', 'vendored'],
  ['dist/index.js', 'generated'],
  ['package-lock.json', 'generated'],
  ['locale/de.po', 'data'],
  ['charts/values.yaml', 'data'],
  ['vite.config.mts', 'data'],
])('P39: %s is %s', (path, expected) => {
  expect(fileClass(path)).toBe(expected);
  expect(classWeight(path)).toBe(expected === 'source' ? 1 : 0.3);
});

test('P39: source comes before its tests, and both before the rest', () => {
  const paths = ['docs/a.md', 'vendor/a.go', 'test/a.ts', 'src/a.ts'];
  expect(paths.toSorted((a, b) => classPlace(a) - classPlace(b))).toEqual([
    'src/a.ts',
    'test/a.ts',
    'docs/a.md',
    'vendor/a.go',
  ]);
});

// What a file is for, told by its path. A question is rarely about tests, documents, or code of others, and ranking
// them lower is the largest single gain of all signals measured.

/** Kinds of files that are ranked lower than source. */
export type FileClass = 'source' | 'test' | 'docs' | 'vendored' | 'generated' | 'data';

const RULES: readonly (readonly [FileClass, RegExp])[] = [
  ['vendored', /(^|\/)(vendor|third[_-]?party|node_modules|external|deps|bower_components)\//i],
  [
    'generated',
    /(^|\/)(dist|build|out|generated|__generated__|gen)\/|[._-](min|generated|pb|g)\.[a-z]+$|(^|\/)(package-lock\.json|yarn\.lock|pnpm-lock\.yaml|go\.sum|Cargo\.lock)$/i,
  ],
  [
    'test',
    /(^|\/)(tests?|__tests__|specs?|testdata|fixtures?|mocks?|e2e|bench(marks?)?)\/|[._-](test|spec|bench)\.[a-z]+$|(^|\/)(test_[^/]*|conftest)\.py$|_test\.(go|rb|py|cc|cpp)$|Tests?\.(java|cs|php|kt)$/,
  ],
  [
    'docs',
    /(^|\/)(docs?|documentation|examples?|samples?|demos?|playgrounds?)\/|\.(md|markdown|rst|txt|adoc)$|(^|\/)(CHANGELOG|CHANGES|LICENSE|NOTICE)/i,
  ],
  ['data', /\.(csv|html?|ini|ipynb|jsonc?|json5|po|pot|snap|svg|toml|tsv|xml|ya?ml)$|\.config\.[cm]?[jt]s$/i],
];

/** The first kind that fits, in an order that puts what is not this project's own first. */
export function fileClass(path: string): FileClass {
  return RULES.find(([, pattern]) => pattern.test(path))?.[0] ?? 'source';
}

/** What the score of such a file is multiplied with. */
export function classWeight(path: string): number {
  return fileClass(path) === 'source' ? 1 : 0.3;
}

/** Order in which files are shown that fit alike: source, then its tests, then the rest. */
export function classPlace(path: string): number {
  const place = PLACES.indexOf(fileClass(path));
  return place === -1 ? PLACES.length : place;
}

const PLACES: readonly FileClass[] = ['source', 'test'];

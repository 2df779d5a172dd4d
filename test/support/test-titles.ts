// The titles that test files give their tests, read without running them.

import { isNode, type SourceFile, type SyntaxNode, sourceFile } from '../tidy/source-tree.ts';
import { parseCitation } from './citations.ts';

const suites = new Set(['describe', 'suite']);
const tests = new Set(['test', 'it']);

/** Whether the test that `citation` names is written in the file that it names. */
export function exists(citation: string): boolean {
  const { file: path, title } = parseCitation(citation);
  let titles = titlesByPath.get(path);
  if (titles === undefined) {
    const file = sourceFile(path);
    titles = file === undefined ? [] : titlesOf(file);
    titlesByPath.set(path, titles);
  }
  return titles.some((full) => full === title || full.endsWith(` > ${title}`));
}

/** A file holds dozens of cited tests, and is parsed once. */
const titlesByPath = new Map<string, readonly string[]>();

/** Full names (`describe > test`) of all tests of a file, as written; titles that are computed are left out. */
export function titlesOf(file: SourceFile): string[] {
  const titles: string[] = [];
  collect(file.body, [], titles);
  return titles;
}

function collect(node: unknown, path: readonly string[], titles: string[]): void {
  if (Array.isArray(node)) {
    for (const item of node) collect(item, path, titles);
    return;
  }
  if (!isNode(node)) return;
  const call = titledCall(node);
  if (call !== undefined && tests.has(call.name)) titles.push([...path, call.title].join(' > '));
  const inner = call !== undefined && suites.has(call.name) ? [...path, call.title] : path;
  for (const value of Object.values(node)) {
    if (typeof value === 'object' && value !== null) collect(value, inner, titles);
  }
}

/** `describe('title', ...)`, `test.each(...)('title', ...)`, `describe.skipIf(...)('title', ...)` and their like. */
function titledCall(node: SyntaxNode): { name: string; title: string } | undefined {
  if (node.type !== 'CallExpression' || !Array.isArray(node.arguments)) return undefined;
  const title = titleIn(node.arguments[0]);
  const name = rootName(node.callee);
  return title === undefined || name === undefined ? undefined : { name, title };
}

function titleIn(argument: unknown): string | undefined {
  if (!isNode(argument)) return undefined;
  if (typeof argument.value === 'string') return argument.value;
  if (argument.type !== 'TemplateLiteral' || !Array.isArray(argument.quasis) || argument.quasis.length !== 1)
    return undefined;
  const [quasi] = argument.quasis;
  return isNode(quasi) ? (quasi.value as { cooked: string }).cooked : undefined;
}

function rootName(callee: unknown): string | undefined {
  let node = callee;
  while (isNode(node) && node.type !== 'Identifier') node = node.callee ?? node.object ?? node.tag;
  return isNode(node) ? String(node.name) : undefined;
}

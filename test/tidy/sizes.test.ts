// Files and functions stay small enough to be read in one go.

import { describe, expect, test } from 'vitest';
import {
  fileLinesAim,
  fileLinesMax,
  functionLinesMax,
  growingLists,
  largeFiles,
  longFunctions,
} from './sizes.ts';
import {
  isNode,
  lineAt,
  parseText,
  type SourceFile,
  type SyntaxNode,
  sourceFiles,
  walk,
} from './source-tree.ts';

const functionTypes = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);

interface NamedFunction {
  readonly name: string;
  readonly lines: number;
}

describe('sizes', () => {
  test(`no file has more than ${fileLinesMax} lines`, () => {
    const over = sourceFiles().filter(
      (file) => file.lineCount > fileLinesMax && !growingLists.has(file.path),
    );
    expect(over.map((file) => `${file.path}: ${file.lineCount}`)).toEqual([]);
  });

  test(`a file of more than ${fileLinesAim} lines is listed and does not grow`, () => {
    const over = sourceFiles().filter(
      (file) => !file.isTest && file.lineCount > Math.max(fileLinesAim, largeFiles[file.path] ?? 0),
    );
    expect(over.map((file) => `${file.path}: ${file.lineCount}`)).toEqual([]);
  });

  test('the list of large files holds no file that has become small', () => {
    const sizes = new Map(sourceFiles().map((file) => [file.path, file.lineCount]));
    expect(Object.keys(largeFiles).filter((path) => (sizes.get(path) ?? 0) <= fileLinesAim)).toEqual([]);
  });

  test(`no function has more than ${functionLinesMax} lines without a reason`, () => {
    const over = longFunctionsIn(sourceFiles()).filter(
      (name) => longFunctions[name.split(' ')[0] ?? ''] === undefined,
    );
    expect(over).toEqual([]);
  });

  test('the list of long functions holds none that has become short', () => {
    const names = new Set(longFunctionsIn(sourceFiles()).map((name) => name.split(' ')[0]));
    expect(Object.keys(longFunctions).filter((name) => !names.has(name))).toEqual([]);
  });

  test('functions are counted by the name they are known by', () => {
    const file = parseText(
      'src/a.ts',
      'const a = {\n  run() {\n    return () => {\n    };\n  },\n};\nfunction b() {}\n',
    );
    expect(functionsOf(file)).toEqual([
      { name: 'run', lines: 4 },
      { name: 'anonymous', lines: 2 },
      { name: 'b', lines: 1 },
    ]);
  });
});

/** In tests a `describe` is one long function by nature; there only the files are counted. */
function longFunctionsIn(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => !file.isTest)
    .flatMap((file) =>
      functionsOf(file)
        .filter(({ lines }) => lines > functionLinesMax)
        .map(({ name, lines }) => `${file.path}:${name} (${lines} lines)`),
    );
}

function functionsOf(file: SourceFile): NamedFunction[] {
  const found: NamedFunction[] = [];
  const names = new Map<SyntaxNode, string>();
  walk(file.body, (node) => {
    nameChildren(node, names);
    if (functionTypes.has(node.type)) {
      const lines = lineAt(file.text, node.end) - lineAt(file.text, node.start) + 1;
      found.push({ name: names.get(node) ?? ownName(node) ?? 'anonymous', lines });
    }
    return true;
  });
  return found;
}

/** A function expression is known by the variable, property or method that holds it. */
function nameChildren(node: SyntaxNode, names: Map<SyntaxNode, string>): void {
  const key = node.type === 'VariableDeclarator' ? node.id : node.key;
  const value = node.type === 'VariableDeclarator' ? node.init : node.value;
  if (isNode(key) && isNode(value) && functionTypes.has(value.type))
    names.set(value, String(key.name ?? key.value));
}

function ownName(node: SyntaxNode): string | undefined {
  return isNode(node.id) ? String(node.id.name) : undefined;
}

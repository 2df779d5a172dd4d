// What one part offers to another is explained where it is defined.

import { describe, expect, test } from 'vitest';
import { partOf } from './layers.ts';
import { isNode, lineAt, parseText, type SourceFile, type SyntaxNode, sourceFiles } from './source-tree.ts';

interface Export {
  readonly name: string;
  readonly line: number;
  readonly hasComment: boolean;
}

describe('doc comments', () => {
  test('stand above every export that another part uses', () => {
    const files = sourceFiles().filter((file) => file.path.startsWith('src/') && !file.isTest);
    const used = usedElsewhere(files);
    const bare = files.flatMap((file) =>
      undocumented(file)
        .filter(({ name }) => used.has(`${file.path}#${name}`))
        .map(({ name, line }) => `${file.path}:${line} ${name}`),
    );
    expect(bare).toEqual([]);
  });

  test('are told from other comments', () => {
    const text = '/** Yes. */\nexport const a = 1;\nexport type a = 1;\n// No.\nexport function b() {}\n';
    expect(undocumented(parseText('src/a/b.ts', text)).map(({ name }) => name)).toEqual(['b']);
  });
});

/** `path#name` of every export that a file of another part imports. */
function usedElsewhere(files: readonly SourceFile[]): Set<string> {
  const used = new Set<string>();
  for (const file of files) {
    for (const { target, names } of file.imports) {
      if (target === undefined || partOf(target) === partOf(file.path)) continue;
      for (const name of names) used.add(`${target}#${name}`);
    }
  }
  return used;
}

/** A type that shares its name with the schema it is derived from is explained by that one's comment, and the reverse. */
function undocumented(file: SourceFile): Export[] {
  const all = exportsOf(file);
  const documented = new Set(all.filter(({ hasComment }) => hasComment).map(({ name }) => name));
  return all.filter(({ name }) => !documented.has(name));
}

function exportsOf(file: SourceFile): Export[] {
  return file.body.flatMap((node) => {
    if (node.type !== 'ExportNamedDeclaration' || !isNode(node.declaration)) return [];
    const line = lineAt(file.text, node.start);
    const hasComment = file.comments.some(
      ({ value, end }) =>
        value.startsWith('*') && file.text.slice(end, node.start).trim() === '' && end <= node.start,
    );
    return namesOf(node.declaration).map((name) => ({ name, line, hasComment }));
  });
}

function namesOf(declaration: SyntaxNode): string[] {
  if (Array.isArray(declaration.declarations)) {
    return declaration.declarations.flatMap((item: unknown) =>
      isNode(item) && isNode(item.id) ? [String(item.id.name)] : [],
    );
  }
  return isNode(declaration.id) ? [String(declaration.id.name)] : [];
}

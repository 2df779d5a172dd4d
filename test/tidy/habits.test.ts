// Habits that make TypeScript servers hard to live with, each refused by its shape in the syntax tree.

import { describe, expect, test } from 'vitest';
import {
  isNode,
  lineAt,
  parseText,
  type SourceFile,
  type SyntaxNode,
  sourceFiles,
  walk,
} from './source-tree.ts';

/** Names that collect what belongs elsewhere. */
const dumpingGrounds = /(^|\/)(utils?|helpers?|common|misc|shared|lib)(\.ts$|\/)/;

describe('habits', () => {
  test('no file or folder is a dumping ground', () => {
    expect(
      sourceFiles()
        .filter(({ path }) => dumpingGrounds.test(path))
        .map(({ path }) => path),
    ).toEqual([]);
    expect(dumpingGrounds.test('src/store/utils.ts') && dumpingGrounds.test('src/helpers/a.ts')).toBe(true);
    expect(dumpingGrounds.test('src/store/mutils.ts')).toBe(false);
  });

  test('no file only passes on what others export', () => {
    expect(
      sourceFiles()
        .filter(isBarrel)
        .map(({ path }) => path),
    ).toEqual([]);
    expect(isBarrel(parseText('a.ts', "export * from './b.ts';\nexport { c } from './c.ts';\n"))).toBe(true);
    expect(isBarrel(parseText('a.ts', "export * from './b.ts';\nexport const c = 1;\n"))).toBe(false);
  });

  test('no enum, namespace or any', () => {
    expect(sourceFiles().flatMap(refusedSyntax)).toEqual([]);
    const example = parseText(
      'a.ts',
      'enum A { B }\nexport let c: any;\nnamespace D { export const e = 1 }\n',
    );
    expect(refusedSyntax(example)).toHaveLength(3);
  });

  test('no class has more than 10 public methods', () => {
    const large = sourceFiles().flatMap((file) => classesOf(file).filter(({ methods }) => methods > 10));
    expect(large).toEqual([]);
  });
});

function isBarrel(file: SourceFile): boolean {
  return (
    file.body.length > 0 && file.body.every((node) => node.type.startsWith('Export') && isNode(node.source))
  );
}

function refusedSyntax(file: SourceFile): string[] {
  const refused = new Set(['TSEnumDeclaration', 'TSModuleDeclaration', 'TSAnyKeyword']);
  const found: string[] = [];
  walk(file.body, (node) => {
    // `declare module 'x'` adds to the types of a library; it is no namespace of ours.
    if (refused.has(node.type) && node.declare !== true)
      found.push(`${file.path}:${lineAt(file.text, node.start)} ${node.type}`);
    return true;
  });
  return found;
}

function classesOf(file: SourceFile): { name: string; methods: number }[] {
  const found: { name: string; methods: number }[] = [];
  walk(file.body, (node) => {
    if (node.type !== 'ClassDeclaration' || !isNode(node.body) || !Array.isArray(node.body.body)) return true;
    const name = isNode(node.id) ? String(node.id.name) : 'anonymous';
    found.push({ name: `${file.path}:${name}`, methods: node.body.body.filter(isPublicMethod).length });
    return true;
  });
  return found;
}

function isPublicMethod(member: SyntaxNode): boolean {
  if (member.type !== 'MethodDefinition' || member.kind !== 'method') return false;
  const isHashed = isNode(member.key) && member.key.type === 'PrivateIdentifier';
  return (
    !isHashed &&
    (member.accessibility === undefined || member.accessibility === null || member.accessibility === 'public')
  );
}

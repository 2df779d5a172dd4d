// The direction of imports, read from the imports themselves.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findCycle } from './cycles.ts';
import { partOf, refusal, rowOf } from './layers.ts';
import { parseText, root, type SourceFile, sourceFiles } from './source-tree.ts';

const product = sourceFiles().filter((file) => file.path.startsWith('src/'));
const shipped = product.filter((file) => !file.isTest);

describe('imports', () => {
  test('go downward, never sideways between packs, never upward', () => {
    expect(shipped.flatMap(directionProblems)).toEqual([]);
  });

  test('the rule refuses an upward import, a type import, and a neighbour pack', () => {
    const upward = parseText('src/store/row.ts', "import type { Plan } from '../plan/server-plan.ts';\n");
    const sideways = parseText('src/packs/code/a.ts', "export { b } from '../sql/b.ts';\n");
    const allowed = parseText('src/plan/compile.ts', "const a = import('../gate/stages.ts');\n");
    expect(directionProblems(upward)).toHaveLength(1);
    expect(directionProblems(sideways)).toHaveLength(1);
    expect(directionProblems(allowed)).toEqual([]);
  });

  test('form no cycle between files', () => {
    const graph = new Map(shipped.map((file) => [file.path, new Set(targetsOf(file))]));
    expect(findCycle(graph)).toBeUndefined();
  });

  test('form no cycle between the parts of one row', () => {
    const graph = new Map<string, Set<string>>();
    for (const file of shipped) {
      const part = partOf(file.path);
      const neighbours = targetsOf(file).map(partOf);
      const sameRow = neighbours.filter((other) => other !== part && rowOf(other) === rowOf(part));
      graph.set(part, new Set([...(graph.get(part) ?? []), ...sameRow]));
    }
    expect(findCycle(graph)).toBeUndefined();
  });

  test('a cycle is found and shown', () => {
    const graph = new Map([
      ['a', new Set(['b'])],
      ['b', new Set(['c'])],
      ['c', new Set(['b'])],
    ]);
    expect(findCycle(graph)).toEqual(['b', 'c', 'b']);
  });

  test('name the file with its suffix, and the file exists', () => {
    const missing = sourceFiles().flatMap((file) =>
      file.imports
        .filter(({ target }) => target !== undefined && !existsSync(join(root, target)))
        .map(({ specifier, line }) => `${file.path}:${line} ${specifier}`),
    );
    expect(missing).toEqual([]);
  });

  test('of shipped code never reach tests, benchmarks or scripts', () => {
    const outside = shipped.flatMap((file) =>
      targetsOf(file)
        .filter((target) => !target.startsWith('src/') && !target.endsWith('.json'))
        .map((target) => `${file.path} -> ${target}`),
    );
    expect(outside).toEqual([]);
  });
});

function targetsOf(file: SourceFile): string[] {
  return file.imports.flatMap(({ target }) => (target === undefined ? [] : [target]));
}

function directionProblems(file: SourceFile): string[] {
  return file.imports.flatMap(({ target, line }) => {
    if (!target?.startsWith('src/')) return [];
    const reason = refusal(file.path, target);
    return reason === undefined ? [] : [`${file.path}:${line} -> ${target}: ${reason}`];
  });
}

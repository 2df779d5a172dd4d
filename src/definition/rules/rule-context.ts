// What the rules between keys work on, after each key was checked by itself.
import type { Report } from '../report.ts';
import type { Definition } from '../schema/definition.ts';
import { appendPointer, type Node, nearestNode } from '../source/node.ts';

export interface RuleContext {
  /** Parts below pointers that are not sound hold defaults or null. */
  readonly definition: Definition;
  /** The canonical tree; every node knows where it was written. */
  readonly root: Node;
  readonly report: Report;
  /** The document as written; the nodes' offsets count in it. */
  readonly text: string;
  /** Nothing at, above or below the pointer failed its own check. */
  sound(pointer: string): boolean;
  readonly baseDirectory: string;
  /** Strict checks apply (spec servers §10). */
  readonly production: boolean;
  /** Absolute paths of files that the definition names. */
  readonly files: Set<string>;
}

export type DefinitionRule = (context: RuleContext) => void;

/** The entries of a list that are objects, each with its pointer and node. */
export function entriesOf<Item>(
  context: RuleContext,
  key: string,
  items: readonly Item[],
): { readonly item: Item; readonly pointer: string; readonly node: Node }[] {
  return items.flatMap((item, index) => {
    const pointer = appendPointer(`/${key}`, index);
    if (typeof item !== 'object' || item === null) return [];
    return [{ item, pointer, node: nearestNode(context.root, pointer) }];
  });
}

/** `sound` for the pointers that failed. */
export function createSound(unsound: ReadonlySet<string>): (pointer: string) => boolean {
  const touched = new Set<string>();
  for (const pointer of unsound) for (const above of withAncestors(pointer)) touched.add(above);
  return (pointer) => !touched.has(pointer) && !withAncestors(pointer).some((above) => unsound.has(above));
}

function withAncestors(pointer: string): string[] {
  const ancestors = [pointer];
  for (let end = pointer.lastIndexOf('/'); end > 0; end = pointer.lastIndexOf('/', end - 1)) {
    ancestors.push(pointer.slice(0, end));
  }
  return ancestors;
}

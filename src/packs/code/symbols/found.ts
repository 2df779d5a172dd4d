// A definition as the query found it.
import type { Node } from 'web-tree-sitter';
import type { SymbolKind } from './facts.ts';

/** A definition before its place among the others is known. */
export interface Found {
  readonly node: Node;
  readonly nameNode: Node;
  /** Whether the name was found in a declarator of C or C++, where it stands as it is. */
  readonly isDeclarator: boolean;
  readonly kind: SymbolKind;
}

// A definition as the query found it.
import type { Node } from 'web-tree-sitter';
import type { SymbolKind } from './facts.ts';

/** A definition before its place among the others is known. */
export interface Found {
  readonly node: Node;
  readonly nameNode: Node;
  readonly name: string;
  readonly kind: SymbolKind;
  /** Scope that its name is qualified with, as in C++. */
  readonly scope: string | undefined;
}

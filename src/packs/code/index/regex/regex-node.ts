// The syntax tree of a pattern. Groups leave no trace: the engine reports whole matches, not captures.

import type { CodePointSet } from './code-point-set.ts';

/** Conditions on a position; `line-*` look at `\n` only, the others at the ends of the text or at word characters. */
export const ASSERTIONS = [
  'line-start',
  'line-end',
  'text-start',
  'text-end',
  'word-boundary',
  'not-word-boundary',
  'word-start',
  'word-end',
] as const;

/** One of {@link ASSERTIONS}. */
export type Assertion = (typeof ASSERTIONS)[number];

/** A node of the tree; a literal is a concatenation of one-member classes. */
export type RegexNode =
  | { readonly kind: 'empty' }
  | { readonly kind: 'class'; readonly set: CodePointSet }
  | { readonly kind: 'concat'; readonly parts: readonly RegexNode[] }
  | { readonly kind: 'alternate'; readonly parts: readonly RegexNode[] }
  | {
      readonly kind: 'repeat';
      readonly part: RegexNode;
      readonly min: number;
      /** `Infinity` when unbounded. */
      readonly max: number;
      readonly greedy: boolean;
    }
  | { readonly kind: 'assert'; readonly assertion: Assertion };

/** A parsed pattern. */
export interface ParsedPattern {
  readonly node: RegexNode;
  /** Whether the pattern itself asks to cross lines: a literal line feed, or a dot under the `s` flag. */
  readonly crossesLines: boolean;
}

/** The matches of one after the other, flattened. */
export function concat(parts: readonly RegexNode[]): RegexNode {
  const flat = parts.flatMap((part) =>
    part.kind === 'concat' ? part.parts : part.kind === 'empty' ? [] : [part],
  );
  const [first] = flat;
  if (first === undefined) return { kind: 'empty' };
  return flat.length === 1 ? first : { kind: 'concat', parts: flat };
}

// How a language without a published grammar shows its definitions: patterns over lines, and what ends a definition.
import type { SymbolKind } from '../facts.ts';

/** One form of a definition. */
export interface ScanRule {
  readonly kind: SymbolKind;
  /** With the group `name`; flags g, m and d. */
  readonly pattern: RegExp;
  /** Looked for in the text as it is; otherwise comments and strings are blank. */
  readonly raw: boolean;
  /** No word of its own begins it, so that a call or a loop may look like it: keywords are no names then. */
  readonly isLoose?: true;
}

/**
 * What ends a definition: a closing brace, a line that is indented no more, the word `end`, a heading of its level, or
 * its own line.
 */
export type Extent = 'braces' | 'indent' | 'end' | 'heading' | 'line';

/** One language. */
export interface ScanLanguage {
  readonly rules: readonly ScanRule[];
  readonly extent: Extent;
  /** Beginnings of comments that end with their line. */
  readonly lineComments: readonly string[];
  readonly blockComments: readonly (readonly [open: string, close: string])[];
  /** Marks around strings, longer ones first. */
  readonly strings: readonly string[];
  /** With the group `name`, in the text as it is. */
  readonly imports?: RegExp;
  /** Only the first line defines something. */
  readonly isHeadOnly?: true;
  /** Tells from its line that a definition is not meant for others. */
  readonly hidden?: RegExp;
}

/** A rule over text without comments and strings. `source` is read with the flags g, m and d. */
export function rule(kind: SymbolKind, source: string): ScanRule {
  return { kind, pattern: new RegExp(source, 'gmd'), raw: false };
}

/** As {@link rule}, where no word of its own begins the definition. */
export function looseRule(kind: SymbolKind, source: string): ScanRule {
  return { ...rule(kind, source), isLoose: true };
}

/** A rule over the text as it is. */
export function rawRule(kind: SymbolKind, source: string): ScanRule {
  return { kind, pattern: new RegExp(source, 'gmd'), raw: true };
}

/** As {@link rule}, in any case. */
export function anyCase(kind: SymbolKind, source: string): ScanRule {
  return { kind, pattern: new RegExp(source, 'gimd'), raw: false };
}

type Comments = Pick<ScanLanguage, 'lineComments' | 'blockComments' | 'strings'>;

/** Comments and strings as in C and its many heirs. */
export const LIKE_C: Comments = {
  lineComments: ['//'],
  blockComments: [['/*', '*/']],
  strings: ['"""', '"'],
};
/** Comments as in the shell. */
export const LIKE_SHELL: Comments = { lineComments: ['#'], blockComments: [], strings: ['"', "'"] };
/** Everything is text. */
export const PLAIN: Comments = { lineComments: [], blockComments: [], strings: [] };

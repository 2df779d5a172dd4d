// Signature, documentation and visibility of one definition.
import type { Node } from 'web-tree-sitter';
import type { SymbolFact, Visibility } from './facts.ts';
import type { Found } from './found.ts';
import type { Grammar } from './grammars.ts';

const SIGNATURE_MAX = 240;
const DOC_MAX = 600;
/** Comments read above a definition. */
const COMMENTS_MAX = 40;

/** Nodes that only wrap a definition: what stands above them stands above it. */
const WRAPPERS: ReadonlySet<string> = new Set([
  'export_statement',
  'decorated_definition',
  'lexical_declaration',
  'variable_declaration',
  'template_declaration',
  'expression_statement',
  'type_declaration',
  'const_declaration',
  'var_declaration',
  'ambient_declaration',
]);

/** Definitions that stand in the body of a class, in an object or in parameters: nothing wraps them. */
const NEVER_WRAPPED: ReadonlySet<string> = new Set([
  'method_definition',
  'method_signature',
  'abstract_method_signature',
  'method_elem',
  'public_field_definition',
  'field_definition',
  'property_signature',
  'pair',
  'required_parameter',
  'enum_assignment',
  'property_identifier',
]);

type Description = Pick<
  SymbolFact,
  'lineStart' | 'lineEnd' | 'signature' | 'doc' | 'visibility' | 'isExported'
>;

/** What the definitions of one file are described with. */
export interface DescribedFile {
  readonly grammar: Grammar;
  readonly text: string;
  /** Types that several children of a node have, by the id of that node: a block of a thousand constants is read once. */
  readonly repeated: Map<number, ReadonlySet<string>>;
}

/**
 * What of a definition can be read from its own node and what stands around it. Every look at a node is a call out of
 * JavaScript, and one at a parent or sibling goes through the tree from its root: the text tells where none is needed.
 */
export function describeDefinition(found: Found, name: string, file: DescribedFile): Description {
  const { node } = found;
  const { grammar, text } = file;
  const { outer, isInExport } = outermost(node, file.repeated);
  const body = bodyOf(node);
  const modifiers = modifiersOf(found, text);
  const visibility = visibilityOf({ found, name, modifiers }, grammar);
  return {
    lineStart: outer.startPosition.row + 1,
    lineEnd: lastRow(outer) + 1,
    signature: signatureOf({ found, outer, body }, text),
    doc: docOf({ outer, body }, file),
    visibility,
    isExported: isExported({ isInExport, modifiers, visibility }, grammar),
  };
}

/** A node that ends with the line break, as some do, ends on the line before. */
function lastRow(node: Node): number {
  const { row, column } = node.endPosition;
  return column === 0 && row > node.startPosition.row ? row - 1 : row;
}

function outermost(
  node: Node,
  repeated: Map<number, ReadonlySet<string>>,
): { readonly outer: Node; readonly isInExport: boolean } {
  const { type: own } = node;
  let outer = node;
  let type = own;
  for (let parent = NEVER_WRAPPED.has(own) ? null : node.parent; parent !== null; parent = parent.parent) {
    const { type: around } = parent;
    if (!WRAPPERS.has(around)) break;
    // Several variables in one declaration share what stands around them, but each is its own definition.
    if (around !== 'export_statement' && repeatedIn(parent, repeated).has(own)) break;
    outer = parent;
    type = around;
  }
  return { outer, isInExport: type === 'export_statement' };
}

function repeatedIn(parent: Node, repeated: Map<number, ReadonlySet<string>>): ReadonlySet<string> {
  if (parent.namedChildCount < 2) return NOTHING;
  let found = repeated.get(parent.id);
  if (found === undefined) {
    const types = parent.namedChildren.map((child) => child?.type ?? '');
    found = new Set(types.filter((type, at) => types.indexOf(type) !== at));
    repeated.set(parent.id, found);
  }
  return found;
}

const NOTHING: ReadonlySet<string> = new Set();

function bodyOf(node: Node): Node | null {
  return node.childForFieldName('body') ?? node.childForFieldName('value')?.childForFieldName('body') ?? null;
}

const MARKS = ['=>', '{', ':'];

function signatureOf(
  { found, outer, body }: { readonly found: Found; readonly outer: Node; readonly body: Node | null },
  text: string,
): string {
  const nameEnd = found.nameNode.endIndex;
  const end = body !== null && body.startIndex > nameEnd ? body.startIndex : outer.endIndex;
  const head = text.slice(outer.startIndex, Math.min(end, outer.startIndex + 4 * SIGNATURE_MAX));
  const line = body === null ? head.slice(0, firstLineEnd(head, nameEnd - outer.startIndex)) : head;
  return withoutMark(line.replace(/\s+/g, ' '), MARKS).slice(0, SIGNATURE_MAX);
}

/** The end of the line on which the name stands. */
function firstLineEnd(head: string, from: number): number {
  const end = head.indexOf('\n', Math.max(0, from));
  return end < 0 ? head.length : end;
}

/** Without the one of `marks` that begins a body, and the spaces around it. */
export function withoutMark(signature: string, marks: readonly string[]): string {
  const trimmed = signature.trimEnd();
  const mark = marks.find((one) => trimmed.endsWith(one));
  return mark === undefined ? trimmed : trimmed.slice(0, -mark.length).trimEnd();
}

/** How a comment of any of the grammars ends or, where it ends with its line, begins. */
const COMMENT_MARK = /\*\/|\/\/|#|^=end|-->|<!--/m;
/** Lines above a definition of which one holds such a mark: a comment may end with the line break of its last one. */
const COMMENT_LINES = 2;

function docOf(
  { outer, body }: { readonly outer: Node; readonly body: Node | null },
  { grammar, text }: DescribedFile,
): string {
  if (grammar.id === 'python') {
    const docstring = body?.namedChild(0)?.namedChild(0);
    if (docstring?.type === 'string')
      return cleanDoc(docstring.text.replace(/^[rbuRBU]*["']{1,3}|["']{1,3}$/g, ''));
  }
  const lines: string[] = [];
  let next = outer;
  for (let count = 0; count < COMMENTS_MAX; count++) {
    if (!COMMENT_MARK.test(linesAbove(next.startIndex, text))) break;
    const before = next.previousNamedSibling;
    if (before === null || !before.type.includes('comment')) break;
    if (before.endPosition.row < next.startPosition.row - 1) break;
    // A comment behind the code of its own line belongs to that code.
    const previous = before.previousSibling;
    if (
      previous !== null &&
      previous.endPosition.row === before.startPosition.row &&
      !previous.type.includes('comment')
    )
      break;
    lines.unshift(before.text);
    next = before;
  }
  return cleanDoc(lines.join('\n'));
}

/** Up to `index`, from the beginning of the line that is {@link COMMENT_LINES} above. */
function linesAbove(index: number, text: string): string {
  let start = index;
  for (let line = 0; line <= COMMENT_LINES && start > 0; line++) start = text.lastIndexOf('\n', start - 1);
  return text.slice(Math.max(0, start), index);
}

/** The text of a comment without its marks. */
export function cleanDoc(comment: string): string {
  return comment
    .split('\n')
    .map((line) =>
      line.replace(/^\s*(?:\/\*+!?|\*+\/|\*+|\/\/[/!]?|#+!?|--+)?\s?/, '').replace(/\s*\*+\/\s*$/, ''),
    )
    .join('\n')
    .trim()
    .slice(0, DOC_MAX);
}

const MODIFIERS: ReadonlySet<string> = new Set([
  'modifiers',
  'modifier',
  'accessibility_modifier',
  'visibility_modifier',
  'storage_class_specifier',
]);

/** Words of modifiers that say something here; what holds none of them needs no look. */
const MODIFIER = /\b(?:private|protected|static|pub)\b/;

/** The texts of the modifiers, which stand before the name in every language. */
function modifiersOf({ node, nameNode }: Found, text: string): string {
  if (!MODIFIER.test(text.slice(node.startIndex, nameNode.startIndex))) return '';
  return node.children
    .filter((child) => child !== null && MODIFIERS.has(child.type))
    .map((child) => child?.text ?? '')
    .join(' ');
}

function visibilityOf(
  { found, name, modifiers }: { readonly found: Found; readonly name: string; readonly modifiers: string },
  { exports, id }: Grammar,
): Visibility {
  if (/\bprivate\b/.test(modifiers)) return 'private';
  if (name.startsWith('#') && found.nameNode.type === 'private_property_identifier') return 'private';
  if (/\bprotected\b/.test(modifiers)) return 'protected';
  if (exports === 'capital') return /^\p{Lu}/u.test(name) ? 'public' : 'private';
  if (exports === 'no-underscore') return name.startsWith('_') && !name.endsWith('__') ? 'private' : 'public';
  if (id === 'rust') return modifiers.includes('pub') ? 'public' : 'private';
  return 'public';
}

function isExported(
  {
    isInExport,
    modifiers,
    visibility,
  }: { readonly isInExport: boolean; readonly modifiers: string; readonly visibility: Visibility },
  { exports }: Grammar,
): boolean {
  if (exports === 'keyword') return isInExport;
  if (exports === 'not-static') return !/\bstatic\b/.test(modifiers);
  return visibility === 'public';
}

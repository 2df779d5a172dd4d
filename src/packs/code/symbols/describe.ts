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

type Description = Pick<
  SymbolFact,
  'lineStart' | 'lineEnd' | 'signature' | 'doc' | 'visibility' | 'isExported'
>;

/** What of a definition can be read from its own node and what stands around it. */
export function describeDefinition(found: Found, grammar: Grammar, text: string): Description {
  const outer = outermost(found.node);
  const visibility = visibilityOf(found, grammar);
  return {
    lineStart: outer.startPosition.row + 1,
    lineEnd: lastRow(outer) + 1,
    signature: signatureOf(found, outer, text),
    doc: docOf(found.node, outer, grammar),
    visibility,
    isExported: isExported(found, outer, grammar, visibility),
  };
}

/** A node that ends with the line break, as some do, ends on the line before. */
function lastRow(node: Node): number {
  const { row, column } = node.endPosition;
  return column === 0 && row > node.startPosition.row ? row - 1 : row;
}

function outermost(node: Node): Node {
  let outer = node;
  for (let parent = node.parent; parent !== null && WRAPPERS.has(parent.type); parent = parent.parent) {
    // Several variables in one declaration share what stands around them, but each is its own definition.
    const isShared = parent.namedChildren.filter((child) => child?.type === node.type).length > 1;
    if (isShared && parent.type !== 'export_statement') break;
    outer = parent;
  }
  return outer;
}

function signatureOf({ node, nameNode }: Found, outer: Node, text: string): string {
  const value = node.childForFieldName('value');
  const body = node.childForFieldName('body') ?? value?.childForFieldName('body') ?? null;
  const end = body !== null && body.startIndex > nameNode.endIndex ? body.startIndex : outer.endIndex;
  const head = text.slice(outer.startIndex, Math.min(end, outer.startIndex + 4 * SIGNATURE_MAX));
  const line = body === null ? head.slice(0, firstLineEnd(head, nameNode.endIndex - outer.startIndex)) : head;
  return line
    .replace(/\s+/g, ' ')
    .replace(/\s*(?:\{|=>|:)?\s*$/, '')
    .slice(0, SIGNATURE_MAX);
}

/** The end of the line on which the name stands. */
function firstLineEnd(head: string, from: number): number {
  const end = head.indexOf('\n', Math.max(0, from));
  return end < 0 ? head.length : end;
}

function docOf(node: Node, outer: Node, grammar: Grammar): string {
  if (grammar.id === 'python') {
    const docstring = node.childForFieldName('body')?.namedChild(0)?.namedChild(0);
    if (docstring?.type === 'string')
      return cleanDoc(docstring.text.replace(/^[rbuRBU]*["']{1,3}|["']{1,3}$/g, ''));
  }
  const lines: string[] = [];
  let next = outer;
  for (let count = 0; count < COMMENTS_MAX; count++) {
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

function modifiersOf(node: Node): string {
  return node.children
    .filter((child) => child !== null && MODIFIERS.has(child.type))
    .map((child) => child?.text ?? '')
    .join(' ');
}

function visibilityOf({ node, name, nameNode }: Found, { exports, id }: Grammar): Visibility {
  const modifiers = modifiersOf(node.type === 'variable_declarator' ? (node.parent ?? node) : node);
  if (/\bprivate\b/.test(modifiers) || nameNode.type === 'private_property_identifier') return 'private';
  if (/\bprotected\b/.test(modifiers)) return 'protected';
  if (exports === 'capital') return /^\p{Lu}/u.test(name) ? 'public' : 'private';
  if (exports === 'no-underscore') return name.startsWith('_') && !name.endsWith('__') ? 'private' : 'public';
  if (id === 'rust') return modifiers.includes('pub') ? 'public' : 'private';
  return 'public';
}

function isExported({ node }: Found, outer: Node, { exports }: Grammar, visibility: Visibility): boolean {
  if (exports === 'keyword') return outer.type === 'export_statement';
  if (exports === 'not-static') return !/\bstatic\b/.test(modifiersOf(node));
  return visibility === 'public';
}

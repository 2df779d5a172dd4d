// Turns the captures of a query into the facts of a file.
import type { Node, QueryMatch } from 'web-tree-sitter';
import { declaredName } from './declarator.ts';
import { type DescribedFile, describeDefinition } from './describe.ts';
import type { FileFacts, ImportFact, SymbolFact, SymbolKind } from './facts.ts';
import { SYMBOL_KINDS } from './facts.ts';
import type { Found } from './found.ts';
import type { Grammar } from './grammars.ts';

/** More definitions than this in one file are data. */
const SYMBOLS_MAX = 20_000;

/** Where the same name is captured twice, the earlier kind says more. */
const PRECEDENCE: readonly SymbolKind[] = [
  'struct',
  'interface',
  'method',
  'function',
  'constant',
  'class',
  'enum',
  'type',
  'field',
  'variable',
  'namespace',
  'macro',
  'implementation',
];

/** The facts of a file by what its queries match. */
export function extractFacts(matches: readonly QueryMatch[], grammar: Grammar, text: string): FileFacts {
  const found = new Map<number, Found>();
  const closures: Node[] = [];
  const imports: ImportFact[] = [];
  for (const match of matches) {
    const { closure, source, ...captures } = capturesOf(match);
    if (closure !== undefined) {
      closures.push(closure);
      continue;
    }
    if (source !== undefined) {
      imports.push({ source: unquote(source.text), line: source.startPosition.row + 1 });
      continue;
    }
    const definition = toDefinition(captures);
    if (definition === undefined) continue;
    const at = definition.nameNode.startIndex;
    const before = found.get(at);
    if (before === undefined || rank(definition) < rank(before)) found.set(at, definition);
    if (found.size >= SYMBOLS_MAX) break;
  }
  const file = { grammar, text, repeated: new Map() };
  return { symbols: nest([...found.values()], closures, file), imports };
}

/** What the queries name, and the one kind that a match of a definition names. */
interface Captures {
  closure?: Node;
  source?: Node;
  name?: Node;
  declarator?: Node;
  kind?: SymbolKind;
  /** Of the kind. */
  node?: Node;
}

const KINDS: ReadonlyMap<string, SymbolKind> = new Map(SYMBOL_KINDS.map((kind) => [kind, kind]));

/** Of several captures of the same name the first. */
function capturesOf({ captures }: QueryMatch): Captures {
  const found: Captures = {};
  for (const { name, node } of captures) {
    if (name === 'closure' || name === 'source' || name === 'name' || name === 'declarator')
      found[name] ??= node;
    else if (found.kind === undefined) {
      const kind = KINDS.get(name);
      if (kind === undefined) continue;
      found.kind = kind;
      found.node = node;
    }
  }
  return found;
}

function toDefinition({ name, declarator, kind, node }: Captures): Found | undefined {
  if (kind === undefined || node === undefined) return undefined;
  if (name !== undefined) return { node, nameNode: name, kind, isDeclarator: false };
  const declared = declarator === undefined ? undefined : declaredName(declarator);
  if (declared === undefined) return undefined;
  const { isFunction } = declared;
  const isTop = kind === 'variable' || kind === 'function';
  const declaredKind = !isFunction ? kind : isTop ? 'function' : kind === 'field' ? 'method' : kind;
  // A function whose declarator names none is a macro that looks like one.
  if (kind === 'function' && !isFunction) return undefined;
  return { node, nameNode: declared.node, kind: declaredKind, isDeclarator: true };
}

/** Orders by place and finds what encloses each; what is only known within a function is left out. */
function nest(found: readonly Found[], closures: readonly Node[], file: DescribedFile): SymbolFact[] {
  const symbols: SymbolFact[] = [];
  const open: Open[] = [];
  /** Fields by their class: what `self` is given in several places is defined in the first. */
  const fields = new Set<string>();
  for (const one of inOrder(found, closures)) {
    while ((open.at(-1)?.end ?? Number.POSITIVE_INFINITY) <= one.node.startIndex) open.pop();
    const parent = open.at(-1)?.place ?? -1;
    if (!('kind' in one)) {
      open.push({ end: one.node.endIndex, place: parent, closure: one.node });
      continue;
    }
    const enclosing = symbols[parent];
    const isInFunction = enclosing?.kind === 'function' || enclosing?.kind === 'method' || isInClosure(open);
    const isLocal = enclosing?.isLocal === true || isInFunction;
    const kind = kindWithin(one.kind, enclosing?.kind);
    if (isLocal && (kind === 'variable' || kind === 'constant') && kind === one.kind && isInFunction)
      continue;
    const isSelf = kind === 'field' && isSelfField(one);
    if (kind === 'field' && isInFunction && !isSelf) continue;
    if (enclosing?.isLocal === true && kind === 'variable') continue;
    const named = { ...one, nameNode: templateName(one.nameNode) };
    const name = nameOf(named, file.grammar);
    if (name === '') continue;
    if (kind === 'field') {
      const field = `${isSelf && isInFunction ? enclosing?.parent : parent} ${name}`;
      if (isSelf && fields.has(field)) continue;
      fields.add(field);
    }
    symbols.push({
      name,
      kind,
      line: named.nameNode.startPosition.row + 1,
      column: named.nameNode.startPosition.column + 1,
      ...describeDefinition(named, name, file),
      parent,
      isLocal: isLocal && !isSelf,
    });
    open.push({ end: one.node.endIndex, place: symbols.length - 1, closure: undefined });
  }
  return symbols;
}

/** What has begun and not ended: a definition, or a function without a name within one. */
interface Open {
  readonly end: number;
  /** Of the definition, or of the one around the function; -1 at the top. */
  readonly place: number;
  /** The function without a name. */
  readonly closure: Node | undefined;
}

/** Whether a function without a name is the innermost that is open; those that are modules are no more. */
function isInClosure(open: Open[]): boolean {
  for (let closure = open.at(-1)?.closure; closure !== undefined; closure = open.at(-1)?.closure) {
    if (!isModule(closure)) return true;
    open.pop();
  }
  return false;
}

/** By where they begin, the longer first: what encloses comes before what it encloses. */
function inOrder(
  found: readonly Found[],
  closures: readonly Node[],
): readonly (Found | { readonly node: Node })[] {
  return [...found, ...closures.map((node) => ({ node }))].sort(
    (a, b) => a.node.startIndex - b.node.startIndex || b.node.endIndex - a.node.endIndex,
  );
}

/**
 * Called where it stands, as a whole file was before there were modules: `(function () {})()`, `(function () {}.call(this))`,
 * the function that such a call is given, and that of `define`.
 */
function isModule({ parent }: Node): boolean {
  if (parent?.type !== 'arguments') return isCalled(parent);
  const called = parent.parent?.childForFieldName('function');
  return called?.text === 'define' || called?.namedChild(0)?.type === 'function_expression';
}

/** Whether what is in parentheses, or a member of a function, is called. */
function isCalled(node: Node | null): boolean {
  return (
    (node?.type === 'parenthesized_expression' || node?.type === 'member_expression') &&
    node.parent?.type === 'call_expression'
  );
}

const HOLDERS: ReadonlySet<SymbolKind | undefined> = new Set([
  'class',
  'struct',
  'interface',
  'implementation',
]);

/** What a class defines with the word for a function is a method, and with that for a variable a field. */
function kindWithin(kind: SymbolKind, enclosing: SymbolKind | undefined): SymbolKind {
  if (!HOLDERS.has(enclosing)) return kind;
  return kind === 'function' ? 'method' : kind === 'variable' ? 'field' : kind;
}

/** Python's fields are made where they are first assigned, within a method. */
function isSelfField({ node }: Found): boolean {
  return node.type === 'assignment';
}

/** A specialisation of a template, and an implementation for one, have the name of the template. */
function templateName(node: Node): Node {
  return /^(template|generic)_type$/.test(node.type) ? (node.namedChild(0) ?? node) : node;
}

function nameOf({ nameNode, isDeclarator }: Found, grammar: Grammar): string {
  if (isDeclarator) return nameNode.type === 'operator_cast' ? castName(nameNode) : nameNode.text;
  const { text } = nameNode;
  return cleanName(grammar.id === 'bash' ? aliasName(nameNode, text) : text, grammar);
}

/** Of an alias of a shell what stands before its value; nothing of an option. */
function aliasName({ parent }: Node, text: string): string {
  if (parent?.type !== 'command') return text;
  return text.startsWith('-') || !text.includes('=') ? '' : text.slice(0, text.indexOf('='));
}

/** `operator bool` of `operator bool() const`. */
function castName({ text }: Node): string {
  return text.replace(/\s*\(.*$/s, '').replace(/\s+/g, ' ');
}

function rank({ kind }: Found): number {
  return PRECEDENCE.indexOf(kind);
}

/** Names in quotes, variables of PHP and symbols of Ruby without their marks. */
function cleanName(name: string, { id }: Grammar): string {
  const mark = id === 'php' ? /^\$/ : /^['"`:]/;
  return name
    .replace(mark, '')
    .replace(/['"`]$/, '')
    .slice(0, 200);
}

function unquote(source: string): string {
  return source.replace(/^['"`<]|['"`>]$/g, '').slice(0, 500);
}

// Turns the captures of a query into the facts of a file.
import type { Node, Query, QueryMatch, Tree } from 'web-tree-sitter';
import { declaredName } from './declarator.ts';
import { describeDefinition } from './describe.ts';
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

/** The facts of a parsed file. */
export function extractFacts(tree: Tree, query: Query, grammar: Grammar, text: string): FileFacts {
  const found = new Map<number, Found>();
  const closures: Node[] = [];
  const imports: ImportFact[] = [];
  for (const match of query.matches(tree.rootNode)) {
    const closure = captured(match, 'closure');
    if (closure !== undefined) {
      if (!isModule(closure)) closures.push(closure);
      continue;
    }
    const source = captured(match, 'source');
    if (source !== undefined) {
      imports.push({ source: unquote(source.text), line: source.startPosition.row + 1 });
      continue;
    }
    const definition = toDefinition(match, grammar);
    if (definition === undefined || definition.name === '') continue;
    const at = definition.nameNode.startIndex;
    const before = found.get(at);
    if (before === undefined || rank(definition) < rank(before)) found.set(at, definition);
    if (found.size >= SYMBOLS_MAX) break;
  }
  return { symbols: nest([...found.values()], closures, grammar, text), imports };
}

function toDefinition(match: QueryMatch, grammar: Grammar): Found | undefined {
  const kind = SYMBOL_KINDS.find((one) => match.captures.some(({ name }) => name === one));
  const node = kind === undefined ? undefined : captured(match, kind);
  if (kind === undefined || node === undefined) return undefined;
  const declarator = captured(match, 'declarator');
  const named = captured(match, 'name');
  // A specialisation of a template, and an implementation for one, have the name of the template.
  const nameNode = /^(template|generic)_type$/.test(named?.type ?? '')
    ? (named?.namedChild(0) ?? named)
    : named;
  if (nameNode !== undefined)
    return { node, nameNode, name: cleanName(nameOf(nameNode), grammar), kind, scope: undefined };
  const declared = declarator === undefined ? undefined : declaredName(declarator);
  if (declared === undefined) return undefined;
  const { isFunction, scope } = declared;
  const isTop = kind === 'variable' || kind === 'function';
  const declaredKind = !isFunction ? kind : isTop ? 'function' : kind === 'field' ? 'method' : kind;
  // A function whose declarator names none is a macro that looks like one.
  if (kind === 'function' && !isFunction) return undefined;
  const name = declared.node.type === 'operator_cast' ? castName(declared.node) : declared.node.text;
  return { node, nameNode: declared.node, name, kind: declaredKind, scope };
}

/** Orders by place and finds what encloses each; what is only known within a function is left out. */
function nest(
  found: readonly Found[],
  closures: readonly Node[],
  grammar: Grammar,
  text: string,
): SymbolFact[] {
  const symbols: SymbolFact[] = [];
  const open: Open[] = [];
  /** Fields by their class: what `self` is given in several places is defined in the first. */
  const fields = new Set<string>();
  for (const one of inOrder(found, closures)) {
    while ((open.at(-1)?.end ?? Number.POSITIVE_INFINITY) <= one.node.startIndex) open.pop();
    const around = open.at(-1);
    const parent = around?.place ?? -1;
    if (!('kind' in one)) {
      open.push({ end: one.node.endIndex, place: parent, isClosure: true });
      continue;
    }
    const enclosing = symbols[parent];
    const isInFunction =
      around?.isClosure === true || enclosing?.kind === 'function' || enclosing?.kind === 'method';
    const isLocal = enclosing?.isLocal === true || isInFunction;
    const kind = kindWithin(one.kind, enclosing?.kind);
    if (isLocal && (kind === 'variable' || kind === 'constant') && kind === one.kind && isInFunction)
      continue;
    if (kind === 'field' && isInFunction && !isSelfField(one)) continue;
    if (enclosing?.isLocal === true && kind === 'variable') continue;
    if (kind === 'field') {
      const field = `${isSelfField(one) && isInFunction ? enclosing?.parent : parent} ${one.name}`;
      if (isSelfField(one) && fields.has(field)) continue;
      fields.add(field);
    }
    symbols.push({
      name: one.name,
      kind,
      line: one.nameNode.startPosition.row + 1,
      column: one.nameNode.startPosition.column + 1,
      ...describeDefinition(one, grammar, text),
      parent,
      isLocal: isLocal && !(kind === 'field' && isSelfField(one)),
    });
    open.push({ end: one.node.endIndex, place: symbols.length - 1, isClosure: false });
  }
  return symbols;
}

/** What has begun and not ended: a definition, or a function without a name within one. */
interface Open {
  readonly end: number;
  /** Of the definition, or of the one around the function; -1 at the top. */
  readonly place: number;
  readonly isClosure: boolean;
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

/** Of an alias of a shell what stands before its value; nothing of an option. */
function nameOf({ text, parent }: Node): string {
  if (parent?.type !== 'command') return text;
  return text.startsWith('-') || !text.includes('=') ? '' : text.slice(0, text.indexOf('='));
}

/** `operator bool` of `operator bool() const`. */
function castName({ text }: Node): string {
  return text.replace(/\s*\(.*$/s, '').replace(/\s+/g, ' ');
}

function captured({ captures }: QueryMatch, name: string): Node | undefined {
  return captures.find((capture) => capture.name === name)?.node;
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

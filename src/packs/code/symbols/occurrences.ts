// Where a name occurs in a file, and as what: read from the syntax tree around each occurrence.
import type { Node, Tree } from 'web-tree-sitter';
import type { SymbolFact } from './facts.ts';

/** What an occurrence is (spec code §3). */
export const REFERENCE_TYPES = [
  'definition',
  'declaration',
  'import',
  'call',
  'inheritance',
  'type_use',
  'property_access',
  'usage',
] as const;
/** One of {@link REFERENCE_TYPES}. */
export type ReferenceType = (typeof REFERENCE_TYPES)[number];

/** One occurrence of a name; counted from 1, columns in UTF-16 units. */
export interface Occurrence {
  readonly line: number;
  readonly column: number;
  readonly type: ReferenceType;
  /** What the name is a member of, as written: `cart` of `cart.total`. */
  readonly receiver: string | undefined;
}

/** Steps upward that decide on a type; what lies further out is not about the name any more. */
const ANCESTORS_MAX = 6;
/** Occurrences of one name in one file; more are a table. */
const OCCURRENCES_MAX = 2_000;

/** Every occurrence as a name of its own; comments and strings hold none. */
export function occurrencesOf(
  name: string,
  text: string,
  tree: Tree | undefined,
  definitions: readonly SymbolFact[],
): readonly Occurrence[] {
  const found: Occurrence[] = [];
  const own = new Set(
    definitions
      .filter((one) => one.name === name && one.kind !== 'implementation')
      .map((one) => `${one.line}:${one.column}`),
  );
  for (const { index, line, column } of placesOf(name, text)) {
    if (found.length >= OCCURRENCES_MAX) break;
    if (own.has(`${line}:${column}`)) {
      found.push({ line, column, type: 'definition', receiver: undefined });
      continue;
    }
    if (tree === undefined) {
      found.push({ line, column, type: 'usage', receiver: undefined });
      continue;
    }
    const node = tree.rootNode.descendantForIndex(index, index + name.length);
    if (node === null || isText(node)) continue;
    found.push({ line, column, type: typeOf(node), receiver: receiverOf(node) });
  }
  return found;
}

const WORD = /[\p{L}\p{N}_$]/u;

function* placesOf(name: string, text: string): Generator<{ index: number; line: number; column: number }> {
  let line = 1;
  let lineStart = 0;
  let at = 0;
  for (let index = text.indexOf(name); index >= 0; index = text.indexOf(name, index + name.length)) {
    for (let feed = text.indexOf('\n', at); feed >= 0 && feed < index; feed = text.indexOf('\n', feed + 1)) {
      line++;
      lineStart = feed + 1;
    }
    at = index;
    if (isWordAt(text, index - 1) || isWordAt(text, index + name.length)) continue;
    yield { index, line, column: index - lineStart + 1 };
  }
}

// A dollar before the name is PHP's or the shell's mark of a variable, and part of names elsewhere only within them.
function isWordAt(text: string, index: number): boolean {
  const unit = text[index];
  return unit !== undefined && unit !== '$' && WORD.test(unit);
}

function isText(node: Node): boolean {
  for (let at: Node | null = node, depth = 0; at !== null && depth < ANCESTORS_MAX; at = at.parent, depth++) {
    if (/interpolation|substitution|template_string$|expansion/.test(at.type) && at !== node) return false;
    if (at.type.includes('comment')) return true;
    if (
      /^(string|string_literal|string_content|string_fragment|raw_string_literal|interpreted_string_literal|char_literal|regex|regex_pattern|heredoc_body|escape_sequence|string_value|encapsed_string)$/.test(
        at.type,
      )
    )
      return true;
  }
  return false;
}

const IMPORTS = /^(import|use_declaration|using_directive|namespace_use|preproc_include|extern_crate)/;
const INHERITANCE =
  /(heritage|extends|implements|superclass|super_interfaces|base_list|base_class|base_clause|class_interface_clause)/;
const TYPES =
  /(^type$|type_annotation|type_arguments|type_parameters|generic_type|type_identifier|_type$|return_type|type_list|type_constraint|as_expression|satisfies|type_query|type_alias)/;
const DECLARATIONS =
  /(^|_)(signature|forward_declaration|declaration_specifiers|method_elem|function_signature)/;
const CALLS =
  /^(call|call_expression|method_invocation|invocation_expression|new_expression|object_creation_expression|function_call_expression|member_call_expression|scoped_call_expression|macro_invocation|command)$/;
const MEMBERS =
  /^(member_expression|attribute|selector_expression|field_expression|field_access|member_access_expression|scoped_identifier|qualified_identifier|nested_identifier|qualified_name|scope_resolution|dotted_name)$/;

/** Where a name's own expression ends; what lies further out is about something else. */
const ENDS = /(statement|block|body|declaration_list|program|module|source_file|translation_unit)$/;

function typeOf(node: Node): ReferenceType {
  let inner = node;
  // Whether only members, brackets and type arguments lie between: then a call is a call of this name.
  let isDirect = true;
  let isMember = false;
  let found: ReferenceType | undefined;
  for (let at = node.parent, depth = 0; at !== null && depth < ANCESTORS_MAX; at = at.parent, depth++) {
    const { type } = at;
    if (IMPORTS.test(type)) return 'import';
    if (isInheritance(at, inner)) return 'inheritance';
    if (depth === 0 && DECLARATIONS.test(type)) return 'declaration';
    if (isDirect && found === undefined) {
      if (CALLS.test(type)) found = isCallee(at, inner) ? 'call' : isMember ? 'property_access' : 'usage';
      else if (TYPES.test(type) || TYPES.test(inner.type) || isTypeField(at, inner)) found = 'type_use';
      else if (MEMBERS.test(type)) isMember ||= lastChild(at)?.id === inner.id;
      else isDirect = CHAIN.has(type);
    }
    if (ENDS.test(type)) break;
    inner = at;
  }
  return found ?? (isMember ? 'property_access' : 'usage');
}

const CHAIN: ReadonlySet<string> = new Set([
  'generic_function',
  'parenthesized_expression',
  'command_name',
  'name',
]);

function isInheritance(at: Node, inner: Node): boolean {
  if (INHERITANCE.test(at.type)) return true;
  if (at.type === 'argument_list') return at.parent?.type === 'class_definition';
  return at.type === 'impl_item' && at.childForFieldName('trait')?.id === inner.id;
}

function isCallee(call: Node, inner: Node): boolean {
  for (const field of ['function', 'constructor', 'method', 'name', 'macro', 'type'])
    if (call.childForFieldName(field)?.id === inner.id) return true;
  return call.namedChild(0)?.id === inner.id && !call.type.startsWith('method_invocation');
}

function isTypeField(parent: Node, inner: Node): boolean {
  return ['type', 'return_type', 'result'].some((field) => parent.childForFieldName(field)?.id === inner.id);
}

function lastChild(node: Node): Node | null {
  return node.namedChild(node.namedChildCount - 1);
}

function receiverOf(node: Node): string | undefined {
  const member = node.parent;
  if (member === null) return undefined;
  const isOwner =
    MEMBERS.test(member.type) || /^(method_invocation|call|member_call_expression)$/.test(member.type);
  const first = isOwner ? member.namedChild(0) : null;
  return first === null || first.id === node.id ? undefined : first.text.slice(0, 80);
}

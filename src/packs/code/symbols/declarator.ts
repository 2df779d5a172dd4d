// The name in a declarator of C or C++, which may stand deep within pointers, references, arrays and parameters.
import type { Node } from 'web-tree-sitter';

/** What a declarator declares. */
export interface DeclaredName {
  readonly node: Node;
  readonly isFunction: boolean;
}

const NAMES: ReadonlySet<string> = new Set([
  'identifier',
  'field_identifier',
  'type_identifier',
  'operator_name',
  'destructor_name',
  'operator_cast',
  'primitive_type',
]);
/** Nodes whose name is that of a field. */
const NAMED: ReadonlySet<string> = new Set(['qualified_identifier', 'template_function', 'template_method']);
/** Deeper nesting does not occur outside of puzzles. */
const DEPTH_MAX = 20;

/** Undefined where nothing is named, as in an abstract declarator. */
export function declaredName(declarator: Node): DeclaredName | undefined {
  let node: Node | null = declarator;
  let isFunction = false;
  for (let depth = 0; node !== null && depth < DEPTH_MAX; depth++) {
    // The parameters of a conversion stand within its name.
    const { type }: Node = node;
    if (NAMES.has(type)) return { node, isFunction: isFunction || type === 'operator_cast' };
    if (NAMED.has(type)) {
      node = node.childForFieldName('name');
      continue;
    }
    isFunction ||= type === 'function_declarator';
    node = node.childForFieldName('declarator') ?? lastNamed(node);
  }
  return undefined;
}

/** Parentheses, references and attributes hold their declarator without a field name. */
function lastNamed(node: Node): Node | null {
  const inner = node.namedChildren.filter((child) => child !== null && !child.type.includes('qualifier'));
  return inner.at(-1) ?? null;
}

// `x-mcp-header` annotations (MCP 2026-07-28, tools): clients drop a tool that breaks these rules.
import type { Report } from '../report.ts';
import { parseJson } from '../source/json.ts';
import { type Node, type ObjectNode, textOf } from '../source/node.ts';

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const TYPES: readonly (string | undefined)[] = ['string', 'integer', 'boolean'];

/** Keywords whose keys are names of the author. */
const SCHEMA_MAPS: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  'dependentSchemas',
  '$defs',
  'definitions',
]);
const DATA_KEYWORDS: ReadonlySet<string> = new Set(['const', 'default', 'enum', 'examples']);

/** Names are tokens, unique whatever their case, on plain properties reached through `properties` alone. */
export function checkHeaderParameters(schema: Node, report: Pick<Report, 'error'>): void {
  const allowed = new Set<Node>();
  collectPlain(schema, allowed);
  const names = new Set<string>();
  visit(schema, (owner, header) => {
    const refuse = (message: string, fix: string) =>
      report.error({ rule: 'header-parameter', node: header, message, fix, received: 'value' });
    const name = textOf(header);
    if (name === undefined || !TOKEN.test(name)) {
      refuse('The header name is no token.', 'Use letters, digits and hyphens.');
      return;
    }
    if (!allowed.has(owner)) {
      refuse(
        'The annotation stands where no plain property is.',
        'Move it to a property reached through `properties` alone.',
      );
    } else if (!TYPES.includes(textOf(owner.members.get('type')))) {
      refuse(
        'Only string, integer and boolean properties travel as headers.',
        'Change the type, or remove it.',
      );
    }
    if (names.has(name.toLowerCase()))
      refuse(`The header name '${name}' is used twice.`, 'Rename one of the two.');
    names.add(name.toLowerCase());
  });
}

/** What is wrong with the annotations in JSON of a schema that no author of ours wrote; undefined where nothing is. */
export function headerParameterProblem(inputSchema: string): string | undefined {
  const { root, problems } = parseJson(inputSchema, { comments: false });
  if (root === undefined) return problems[0]?.message;
  const messages: string[] = [];
  checkHeaderParameters(root, { error: ({ message }) => messages.push(message) });
  return messages[0];
}

function collectPlain(schema: Node | undefined, allowed: Set<Node>): void {
  const properties = schema?.kind === 'object' ? schema.members.get('properties') : undefined;
  if (properties?.kind !== 'object') return;
  for (const property of properties.members.values()) {
    allowed.add(property);
    collectPlain(property, allowed);
  }
}

/** Visits every annotation; values that are data and no schemas are passed over. */
function visit(schema: Node, found: (owner: ObjectNode, header: Node) => void): void {
  if (schema.kind === 'scalar') return;
  if (schema.kind === 'array') {
    for (const item of schema.items) visit(item, found);
    return;
  }
  const header = schema.members.get('x-mcp-header');
  if (header !== undefined) found(schema, header);
  for (const [keyword, value] of schema.members) {
    if (SCHEMA_MAPS.has(keyword) && value.kind === 'object') {
      for (const item of value.members.values()) visit(item, found);
    } else if (!DATA_KEYWORDS.has(keyword)) {
      visit(value, found);
    }
  }
}

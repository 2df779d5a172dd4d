// Names that must be unique or are taken.
import { DISCOVERY_TOOL_NAMES, RESERVED_TOOL_NAMES } from '../schema/tool.ts';
import { type Node, nearestNode } from '../source/node.ts';
import { LISTED_NAME_LENGTH_MAX, listedToolName } from '../tool-name.ts';
import { entriesOf, type RuleContext } from './rule-context.ts';

/** First parts of addresses that the product uses itself (spec servers §1, and the packs). */
export const RESERVED_SLUGS = [
  'create',
  'sse',
  'messages',
  'health',
  'ready',
  'metrics',
  'tools',
  'admin',
  'api',
  'studio',
  'code',
  'sql',
  'jira',
  'knowledge',
  'server-card',
] as const;

export function checkNames(context: RuleContext): void {
  const { definition } = context;
  checkSlug(context);
  checkToolNames(context);
  checkUnique(context, 'prompts', definition.prompts, 'name');
  checkUnique(context, 'resources', definition.resources, 'uri');
  checkUnique(context, 'resourceTemplates', definition.resourceTemplates, 'uriTemplate');
}

function checkSlug({ definition, root, report, sound }: RuleContext): void {
  if (!sound('/slug')) return;
  const node = nearestNode(root, '/slug');
  const derived = node.pointer.endsWith('/name');
  const fix = derived ? 'Add a `slug`, or choose another name.' : 'Choose another slug.';
  if (RESERVED_SLUGS.some((slug) => slug === definition.slug)) {
    const message = `The slug '${definition.slug}' is reserved.`;
    report.error({ rule: 'reserved-name', node, message, fix, received: 'value' });
  } else if (/^\d+$/.test(definition.slug)) {
    const message = `The slug '${definition.slug}' has only digits.`;
    report.error({ rule: 'reserved-name', node, message, fix, received: 'value' });
  }
}

function checkToolNames(context: RuleContext): void {
  const { definition, report, root, sound } = context;
  const listed = new Map<string, string>();
  checkUnique(context, 'tools', definition.tools, 'name');
  for (const { item, pointer } of entriesOf(context, 'tools', definition.tools)) {
    if (!sound(`${pointer}/name`)) continue;
    const node = nearestNode(root, `${pointer}/name`);
    if (RESERVED_TOOL_NAMES.some((name) => name === item.name)) {
      const message = `'${item.name}' is a permission verb and cannot name a tool.`;
      report.error({ rule: 'reserved-name', node, message, fix: 'Choose another name.', received: 'value' });
    }
    const name = listedToolName(item.name, definition.toolNames ?? 'safe');
    if (definition.discovery === 'search' && DISCOVERY_TOOL_NAMES.some((taken) => taken === name)) {
      const message = `'${name}' is a tool of \`discovery: search\` itself.`;
      report.error({ rule: 'reserved-name', node, message, fix: 'Choose another name.', received: 'value' });
    }
    const other = listed.get(name);
    listed.set(name, item.name);
    if (other !== undefined && other !== item.name) {
      report.error({
        rule: 'duplicate',
        node,
        message: `The tools '${other}' and '${item.name}' are both listed as '${name}'.`,
        fix: 'Rename one of the two, or set toolNames: canonical.',
        received: 'value',
      });
    } else if (item.name.length > LISTED_NAME_LENGTH_MAX) {
      report.warning({
        rule: 'value',
        node,
        message: `The name is longer than ${LISTED_NAME_LENGTH_MAX} characters and is listed as '${name}'.`,
        fix: 'Choose a shorter name.',
      });
    }
  }
}

function checkUnique<Key extends string, Item extends { readonly [K in Key]: string }>(
  context: RuleContext,
  list: string,
  items: readonly Item[],
  key: Key,
): void {
  const seen = new Map<string, Node>();
  for (const { item, pointer } of entriesOf(context, list, items)) {
    if (!context.sound(`${pointer}/${key}`)) continue;
    const node = nearestNode(context.root, `${pointer}/${key}`);
    if (seen.has(item[key])) {
      context.report.error({
        rule: 'duplicate',
        node,
        message: `The ${key} '${item[key]}' is used twice in ${list}.`,
        fix: 'Rename one of the two.',
        received: 'value',
      });
    }
    seen.set(item[key], node);
  }
}

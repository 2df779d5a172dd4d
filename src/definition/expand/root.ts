// All short forms of a definition into the canonical form that the check and everything after it know.
import { fromJson, memberOf, type Node, type ObjectNode, objectNode, textOf } from '../source/node.ts';
import { applyEnvironment, nameEntry } from './overlay.ts';
import { expandSecurity } from './security.ts';
import { type ExpandContext, expandHandler, expandTool } from './tool.ts';
import { expandUpstreams } from './upstream.ts';

/** Leaves what is not understood as it stands: the check reports it. Expanding twice changes nothing more. */
export function expandDefinition(node: Node, context: ExpandContext): Node {
  if (node.kind !== 'object') return node;
  const root = applyEnvironment(node, context.environment);
  const members = new Map([...root.members].filter(([key]) => key !== 'mcpServers'));
  const replace = (key: string, expand: (node: Node) => Node) => {
    const given = members.get(key);
    if (given !== undefined) members.set(key, expand(given));
  };
  replace('tools', (tools) => expandList(tools, context, (tool) => expandTool(tool, context)));
  replace('prompts', (prompts) => expandList(prompts, context, withHandler));
  replace('resources', (resources) => expandList(resources, context, withHandler));
  replace('resourceTemplates', (templates) => expandList(templates, context, withHandler));
  replace('packs', expandPacks);
  replace('security', (security) => expandSecurity(security, context.report));
  const upstreams = expandUpstreams(root, context.report);
  if (upstreams !== undefined) members.set('upstreams', upstreams);
  moveCaching(members, context);
  addSlug(root, members);
  return { ...root, members };
}

/** Slug of a server name: lower case, runs of other characters become `-`. */
export function slugOf(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
}

function expandList(node: Node, context: ExpandContext, expand: (item: Node) => Node): Node {
  if (node.kind === 'array') return { ...node, items: node.items.map(expand) };
  if (node.kind !== 'object') return node;
  const items = [...node.members].map(([key, item]) => {
    const name = memberOf(item, 'name');
    if (name !== undefined && textOf(name) !== key) {
      context.report.error({
        rule: 'short-form',
        node: name,
        message: `The name contradicts the key '${key}'.`,
        fix: 'Remove it: in a map the key is the name.',
        received: 'value',
      });
    }
    return expand(nameEntry(key, item));
  });
  return { ...objectNode(node, {}), kind: 'array', items };
}

function withHandler(item: Node): Node {
  const handler = memberOf(item, 'handler');
  if (item.kind !== 'object' || handler === undefined) return item;
  return { ...item, members: new Map([...item.members, ['handler', expandHandler(handler)]]) };
}

function expandPacks(node: Node): Node {
  if (node.kind !== 'array') return node;
  const entries = node.items.map((item) => [textOf(item), item] as const);
  if (entries.some(([name]) => name === undefined)) return node;
  const members = new Map(
    entries.map(([name = '', item]) => [name, objectNode({ ...item, keyAt: item.at }, {})]),
  );
  return { ...objectNode(node, {}), members };
}

function moveCaching(members: Map<string, Node>, { report }: ExpandContext): void {
  const performance = members.get('performance');
  const caching = memberOf(performance, 'caching');
  if (performance?.kind !== 'object' || caching === undefined) return;
  if (members.has('caching')) {
    report.warning({
      rule: 'one-of',
      node: caching,
      atKey: true,
      message: "'caching' of the definition wins over 'performance.caching'.",
      fix: 'Remove performance.caching.',
    });
    return;
  }
  members.set('caching', caching);
  const rest = new Map(performance.members);
  rest.delete('caching');
  members.set('performance', { ...performance, members: rest });
}

function addSlug(root: ObjectNode, members: Map<string, Node>): void {
  const name = root.members.get('name');
  const text = textOf(name);
  if (members.has('slug') || name === undefined || text === undefined || slugOf(text) === '') return;
  members.set('slug', fromJson(slugOf(text), name));
}

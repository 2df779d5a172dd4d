// What differs by environment: `environments` of a definition and of a tool, merged over the rest.
import { fromJson, type Node, type ObjectNode, textOf } from '../source/node.ts';

/** Lists whose entries an overlay may name by key. */
const NAMED_LISTS: ReadonlySet<string> = new Set(['tools', 'prompts', 'resources']);

/** The definition as it is in `environment`: objects are merged, everything else is replaced. */
export function applyEnvironment(root: ObjectNode, environment: string): ObjectNode {
  const overlay = overlayOf(root, environment);
  if (overlay?.kind !== 'object') return root;
  const members = new Map(root.members);
  for (const [key, node] of overlay.members) {
    if (key === 'environments') continue;
    const base = members.get(key);
    members.set(key, NAMED_LISTS.has(key) ? mergeNamed(base, node) : merge(base, node));
  }
  return { ...root, members };
}

/** The tool as it is in `environment`: `true` and `false` mean enabled or not. */
export function applyToolEnvironment(tool: ObjectNode, environment: string): ObjectNode {
  const overlay = overlayOf(tool, environment);
  if (overlay === undefined) return tool;
  if (overlay.kind === 'object') return mergeObjects(tool, overlay);
  if (overlay.kind !== 'scalar' || typeof overlay.value !== 'boolean') return tool;
  return { ...tool, members: new Map([...tool.members, ['enabled', fromJson(overlay.value, overlay)]]) };
}

/** Names of all environments that a definition or one of its tools distinguishes. */
export function environmentNames(root: ObjectNode): Set<string> {
  const tools = root.members.get('tools');
  const listed =
    tools?.kind === 'array' ? tools.items : tools?.kind === 'object' ? [...tools.members.values()] : [];
  const names = new Set<string>();
  for (const node of [root, ...listed]) {
    const environments = node.kind === 'object' ? node.members.get('environments') : undefined;
    if (environments?.kind === 'object') for (const name of environments.members.keys()) names.add(name);
  }
  return names;
}

function overlayOf(node: ObjectNode, environment: string): Node | undefined {
  const environments = node.members.get('environments');
  return environments?.kind === 'object' ? environments.members.get(environment) : undefined;
}

function merge(base: Node | undefined, over: Node): Node {
  return base?.kind === 'object' && over.kind === 'object' ? mergeObjects(base, over) : over;
}

function mergeObjects(base: ObjectNode, over: ObjectNode): ObjectNode {
  const members = new Map(base.members);
  for (const [key, node] of over.members) members.set(key, merge(members.get(key), node));
  return { ...base, members };
}

/** A map over a list changes the entries that it names and adds the others. */
function mergeNamed(base: Node | undefined, over: Node): Node {
  if (base?.kind !== 'array' || over.kind !== 'object') return merge(base, over);
  const changes = new Map(over.members);
  const items = base.items.map((item) => {
    const name = item.kind === 'object' ? textOf(item.members.get('name')) : undefined;
    const change = name === undefined ? undefined : changes.get(name);
    if (name === undefined || change === undefined) return item;
    changes.delete(name);
    return merge(item, change);
  });
  const added = [...changes].map(([name, node]) => nameEntry(name, node));
  return { ...base, items: [...items, ...added] };
}

/** An entry of a map form as an entry of a list: its key becomes its name. */
export function nameEntry(name: string, node: Node): Node {
  if (node.kind !== 'object' || node.members.has('name')) return node;
  const key = fromJson(name, { ...node, at: node.keyAt ?? node.at });
  return { ...node, members: new Map([['name', key], ...node.members]) };
}

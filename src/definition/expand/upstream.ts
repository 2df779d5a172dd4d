// Upstreams as people paste them: the `mcpServers` blocks of clients use a few other words.
import type { Report } from '../report.ts';
import { fromJson, type Node, type ObjectNode, objectNode, textOf } from '../source/node.ts';

/** What clients write into `mcpServers` for themselves; without meaning for a server. */
export const CLIENT_KEYS = ['autoApprove', 'alwaysAllow', 'trust', 'description', 'gallery', 'note'] as const;
/** Other words for `url`. */
export const URL_KEYS = ['serverUrl', 'httpUrl'] as const;
const TRANSPORTS: ReadonlyMap<string, string> = new Map([
  ['http', 'http'],
  ['streamable-http', 'http'],
  ['streamableHttp', 'http'],
  ['sse', 'sse'],
]);

/** `upstreams` and a pasted `mcpServers` block as one map; undefined where there is neither. */
export function expandUpstreams(root: ObjectNode, report: Report): Node | undefined {
  const own = root.members.get('upstreams');
  const pasted = root.members.get('mcpServers');
  if (own !== undefined && own.kind !== 'object') return own;
  if (pasted !== undefined && pasted.kind !== 'object') return pasted;
  const base = own ?? pasted;
  if (base === undefined) return undefined;
  const inner = own?.members.get('mcpServers');
  const entries = new Map<string, Node>();
  for (const block of [own, inner, pasted]) {
    if (block?.kind !== 'object') continue;
    for (const [name, node] of block.members) {
      if (node === inner) continue;
      if (entries.has(name)) reportTwice(name, node, report);
      const entry = expandUpstream(node, report);
      if (entry !== undefined) entries.set(name, entry);
    }
  }
  return { ...objectNode(base, {}), members: entries };
}

function expandUpstream(node: Node, report: Report): Node | undefined {
  if (node.kind !== 'object') return node;
  const members = new Map(node.members);
  for (const key of CLIENT_KEYS) {
    const ignored = members.get(key);
    if (ignored !== undefined && members.delete(key)) warnIgnored(key, ignored, report);
  }
  for (const key of URL_KEYS) {
    const url = members.get(key);
    if (url !== undefined && members.delete(key) && !members.has('url')) members.set('url', url);
  }
  const type = members.get('type');
  const named = textOf(type) ?? '';
  if (type !== undefined && (named === 'stdio' || TRANSPORTS.has(named))) {
    members.delete('type');
    const transport = TRANSPORTS.get(named);
    if (transport !== undefined && !members.has('transport'))
      members.set('transport', fromJson(transport, type));
  }
  return isDisabled(members, report) ? undefined : { ...node, members };
}

function isDisabled(members: Map<string, Node>, report: Report): boolean {
  const disabled = members.get('disabled');
  if (disabled?.kind !== 'scalar' || typeof disabled.value !== 'boolean') return false;
  members.delete('disabled');
  if (!disabled.value) return false;
  report.warning({
    rule: 'short-form',
    node: disabled,
    atKey: true,
    message: 'The upstream is disabled and left out.',
    fix: 'Remove `disabled` to use it.',
  });
  return true;
}

function warnIgnored(key: string, node: Node, report: Report): void {
  report.warning({
    rule: 'short-form',
    node,
    atKey: true,
    message: `'${key}' is a setting of clients and has no effect here.`,
    fix: 'It may be removed.',
  });
}

function reportTwice(name: string, node: Node, report: Report): void {
  report.error({
    rule: 'duplicate',
    node,
    atKey: true,
    message: `The upstream '${name}' is declared twice.`,
    fix: 'Rename one of the two.',
  });
}

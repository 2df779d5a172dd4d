// The definitions of one document: itself, or each entry of `{servers: {slug: definition}}`.
import type { Report } from './report.ts';
import { fromJson, type Node, type ObjectNode, textOf } from './source/node.ts';

/** The trees of a document's definitions; a slug from `servers` stands in its definition. */
export function splitServers(root: Node, report: Report): ObjectNode[] {
  if (root.kind !== 'object') {
    report.error({
      rule: 'type',
      node: root,
      message: 'A definition must be an object.',
      fix: 'Write keys such as name and version.',
      received: 'value',
    });
    return [];
  }
  const servers = root.members.get('servers');
  if (servers === undefined) return [root];
  for (const [key, node] of root.members) {
    if (key === 'servers' || key === '$schema' || key.startsWith('x-')) continue;
    report.error({
      rule: 'unknown-key',
      node,
      atKey: true,
      message: `The key '${key}' is not known beside 'servers'.`,
      fix: 'Move it into the definitions below servers.',
    });
  }
  if (servers.kind === 'object' && servers.members.size === 0) {
    report.error({
      rule: 'missing-key',
      node: servers,
      atKey: true,
      message: 'There is no definition below servers.',
      fix: 'Add one.',
    });
    return [];
  }
  if (servers.kind === 'object')
    return [...servers.members].flatMap(([slug, node]) => withSlug(slug, node, report));
  report.error({
    rule: 'type',
    node: servers,
    message: "'servers' must be a map from slug to definition.",
    fix: 'Write for example servers: { shop: { name: shop, version: 1.0.0 } }.',
    received: 'value',
  });
  return [];
}

function withSlug(slug: string, node: Node, report: Report): ObjectNode[] {
  if (node.kind !== 'object') {
    report.error({
      rule: 'type',
      node,
      message: 'A definition must be an object.',
      fix: 'Write keys such as name and version.',
      received: 'value',
    });
    return [];
  }
  const own = node.members.get('slug');
  if (own !== undefined && textOf(own) !== slug) {
    report.error({
      rule: 'short-form',
      node: own,
      message: `The slug contradicts the key '${slug}'.`,
      fix: 'Remove it: below servers the key is the slug.',
      received: 'value',
    });
  }
  const key = fromJson(slug, { ...node, at: node.keyAt ?? node.at });
  return [{ ...node, members: new Map([['slug', own ?? key], ...node.members]) }];
}

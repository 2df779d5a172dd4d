// Other spellings of the `security` block.
import type { Report } from '../report.ts';
import { type Node, type ObjectNode, objectNode } from '../source/node.ts';

/** `ipWhitelist` becomes `ipAllowlist`; `rateLimit.global` becomes the default limit. */
export function expandSecurity(node: Node, report: Report): Node {
  if (node.kind !== 'object') return node;
  const members = new Map(node.members);
  const alias = members.get('ipWhitelist');
  if (alias !== undefined) {
    members.delete('ipWhitelist');
    if (members.has('ipAllowlist')) reportAlias(alias, report);
    else members.set('ipAllowlist', alias);
  }
  const rateLimit = members.get('rateLimit');
  if (rateLimit?.kind === 'object') members.set('rateLimit', expandRateLimit(rateLimit, report));
  return { ...node, members };
}

function expandRateLimit(node: ObjectNode, report: Report): ObjectNode {
  const global = node.members.get('global');
  if (global?.kind !== 'object') return node;
  const own = node.members.get('maxRequests') ?? node.members.get('window');
  if (own !== undefined) {
    report.warning({
      rule: 'rate-limit',
      node: own,
      atKey: true,
      message: "'global' replaces 'window' and 'maxRequests'.",
      fix: "Remove one of them: 'global' is the default limit of each caller, 'server' that of all together.",
    });
  }
  const { members } = objectNode(node, {
    window: global.members.get('window'),
    maxRequests: global.members.get('maxRequests'),
  });
  return { ...node, members: new Map([...node.members, ...members]) };
}

function reportAlias(node: Node, report: Report): void {
  report.error({
    rule: 'one-of',
    node,
    atKey: true,
    message: "'ipWhitelist' and 'ipAllowlist' are the same key.",
    fix: 'Keep ipAllowlist.',
  });
}

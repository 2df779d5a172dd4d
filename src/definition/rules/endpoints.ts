// Databases and upstreams: where they are.
import { appendPointer, nearestNode } from '../source/node.ts';
import { demandOne } from './handlers.ts';
import type { RuleContext } from './rule-context.ts';

const DATABASE_URL = /^(?:sqlite3?:.+|postgres(?:ql)?(?:\+[a-z0-9]+)?:\/\/.+)$/i;

export function checkEndpoints(context: RuleContext): void {
  const { definition, sound } = context;
  for (const [name, upstream] of Object.entries(definition.upstreams ?? {})) {
    const pointer = appendPointer('/upstreams', name);
    if (sound(pointer)) demandOne(context, pointer, { command: upstream.command, url: upstream.url });
  }
  for (const [name, database] of Object.entries(definition.databases ?? {})) {
    const pointer = appendPointer('/databases', name);
    if (!sound(`${pointer}/url`) || DATABASE_URL.test(database.url)) continue;
    context.report.error({
      rule: 'value',
      node: nearestNode(context.root, `${pointer}/url`),
      message: 'The address is of no supported database.',
      fix: 'Write sqlite:<path> or postgres://user:password@host/name.',
      received: 'secret',
    });
  }
}

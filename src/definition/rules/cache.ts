// Caching of a tool declares that it changes nothing (spec servers §2.2).
import type { Tool } from '../schema/tool.ts';
import { nearestNode } from '../source/node.ts';
import { entriesOf, type RuleContext } from './rule-context.ts';

export function checkCaching(context: RuleContext): void {
  const { definition, sound, report, root } = context;
  for (const { item, pointer } of entriesOf(context, 'tools', definition.tools)) {
    if (item.cache === undefined || !sound(`${pointer}/cache`) || !item.cache.enabled) continue;
    if (!sound(`${pointer}/handler`) || !sound(`${pointer}/annotations`)) continue;
    const reason = whyNotReadOnly(item);
    if (reason === undefined) continue;
    report.error({
      rule: 'cache',
      node: nearestNode(root, `${pointer}/cache`),
      atKey: true,
      message: `The tool cannot be cached: ${reason}.`,
      fix: 'Remove cache, or set annotations.readOnlyHint: true if the tool changes nothing.',
    });
  }
}

function whyNotReadOnly({ annotations, handler }: Tool): string | undefined {
  if (annotations?.destructiveHint === true) return 'it is annotated as destructive';
  if (annotations?.readOnlyHint === false) return 'it is annotated as not read-only';
  if (annotations?.readOnlyHint === true) return undefined;
  if (handler.type === 'http' && handler.method !== 'GET' && handler.method !== 'HEAD') {
    return `its handler sends ${handler.method}`;
  }
  if (handler.type === 'sql' && handler.mode === 'write') return 'its handler writes';
  return undefined;
}

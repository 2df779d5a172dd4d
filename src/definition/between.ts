// What several definitions of one process must agree on.
import type { Prepared } from './prepare.ts';
import { nearestNode, nodeAt } from './source/node.ts';
import { checkPairs, findPairs, type VersionPair } from './versions.ts';

/** Keys of the one listener: read from the default server, and nowhere else different. */
export const PROCESS_WIDE_KEYS = [
  '/port',
  '/performance/compression',
  '/performance/keepAlive',
  '/limits/maxRequestSize',
  '/security/cors',
  '/security/hosts',
  '/security/trustProxy',
  '/security/audit/logFile',
  '/transport/sse',
  '/flags',
] as const;

/** What the definitions of a process are to each other. */
export interface Arrangement {
  /** The default definition, never the canary of a pair. */
  readonly chosen: Prepared | undefined;
  /** Two versions of one definition. */
  readonly pairs: readonly VersionPair[];
}

/** Reports clashes of slugs, versions, defaults and process-wide keys. */
export function checkBetween(all: readonly Prepared[]): Arrangement {
  const served = all.filter(({ definition }) => definition.enabled !== false);
  const pairs = findPairs(served);
  checkPairs(served, pairs);
  const canaries = new Set(pairs.map(({ canary }) => canary));
  const first = served.filter((one) => !canaries.has(one));
  checkSlugs(first);
  const marked = first.filter(({ definition }) => definition.default === true);
  for (const { root, report } of marked.slice(1)) {
    const first = marked[0];
    report.error({
      rule: 'duplicate',
      node: nearestNode(root, '/default'),
      atKey: true,
      message: `The definition in ${first?.source.file ?? 'another file'} is the default already.`,
      fix: 'Set default: true in one definition only.',
    });
  }
  const chosen = marked[0] ?? first[0];
  if (chosen !== undefined) for (const other of served) checkProcessWide(other, chosen);
  return { chosen, pairs };
}

function checkSlugs(served: readonly Prepared[]): void {
  const owners = new Map<string, Prepared>();
  for (const prepared of served) {
    const { definition, root, report, sound } = prepared;
    if (!sound('/slug')) continue;
    const owner = owners.get(definition.slug);
    owners.set(definition.slug, prepared);
    if (owner === undefined) continue;
    report.error({
      rule: 'duplicate',
      node: nearestNode(root, '/slug'),
      message: `The slug '${definition.slug}' is also that of a definition in ${owner.source.file}.`,
      fix: 'Give one of them another `slug`; or name both versions in `rollout`.',
    });
  }
}

function checkProcessWide(other: Prepared, chosen: Prepared): void {
  if (other === chosen) return;
  for (const pointer of PROCESS_WIDE_KEYS) {
    const node = nodeAt(other.root, pointer);
    if (node === undefined || !other.sound(pointer) || !chosen.sound(pointer)) continue;
    const own = JSON.stringify(valueAt(other.definition, pointer));
    if (own === JSON.stringify(valueAt(chosen.definition, pointer))) continue;
    other.report.error({
      rule: 'process-wide',
      node,
      atKey: true,
      message: `${pointer.slice(1).replaceAll('/', '.')} holds for the whole process and differs from the default server's.`,
      fix: `Remove it here, or set it in ${chosen.source.file}.`,
    });
  }
}

function valueAt(value: unknown, pointer: string): unknown {
  let part = value;
  for (const step of pointer.slice(1).split('/')) {
    part = typeof part === 'object' && part !== null ? Reflect.get(part, step) : undefined;
  }
  return part;
}

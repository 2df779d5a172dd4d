// Two versions of one definition that are served beside each other while one takes over from the other.
import { isDeepStrictEqual } from 'node:util';
import type { Prepared } from './prepare.ts';
import type { Rollout } from './schema/rollout.ts';
import { nearestNode } from './source/node.ts';

/** Two versions that share a slug, and the rollout that one of them, or both, declare. */
export interface VersionPair {
  readonly stable: Prepared;
  readonly canary: Prepared;
  readonly rollout: Rollout;
}

/** What both versions answer alike: a rollout compares what tools do, and callers are let in before it is decided. */
const ALIKE = ['security', 'transport'] as const;

/** The pairs among the definitions that are served. What keeps two of one slug from being a pair is not said here. */
export function findPairs(served: readonly Prepared[]): VersionPair[] {
  return served.flatMap((one) => {
    if (!one.sound('/slug') || !one.sound('/version')) return [];
    return served.flatMap((other): VersionPair[] => {
      if (one === other || !other.sound('/slug') || !other.sound('/version')) return [];
      if (one.definition.slug !== other.definition.slug) return [];
      const rollout = rolloutOf(one) ?? rolloutOf(other);
      const isPair =
        rollout?.stable === one.definition.version && rollout.canary === other.definition.version;
      return isPair ? [{ stable: one, canary: other, rollout }] : [];
    });
  });
}

/** Reports what a pair must not differ in, and rollouts whose stable version is not there. */
export function checkPairs(served: readonly Prepared[], pairs: readonly VersionPair[]): void {
  for (const { stable, canary } of pairs) {
    const [one, other] = [rolloutOf(stable), rolloutOf(canary)];
    if (one !== undefined && other !== undefined && !isDeepStrictEqual(one, other))
      wrong(canary, '/rollout', 'The two versions declare different rollouts.', 'Declare it in one of them.');
    for (const key of ALIKE) {
      if (!stable.sound(`/${key}`) || !canary.sound(`/${key}`)) continue;
      if (isDeepStrictEqual(stable.definition[key], canary.definition[key])) continue;
      const fix = `Give both versions the same ${key}; change it before or after the rollout.`;
      wrong(canary, `/${key}`, `${key} differs from that of the stable version.`, fix);
    }
  }
  const paired = new Set(pairs.map(({ canary }) => canary));
  for (const one of served) {
    const rollout = rolloutOf(one);
    if (rollout === undefined || rollout.stable === rollout.canary || paired.has(one)) continue;
    if (one.definition.version !== rollout.canary) continue;
    const message = `There is no definition of the version ${rollout.stable} with this slug.`;
    wrong(one, '/rollout/stable', message, 'Serve both versions from one folder, or remove rollout.');
  }
}

function wrong({ root, report }: Prepared, pointer: string, message: string, fix: string): void {
  report.error({ rule: 'rollout', node: nearestNode(root, pointer), atKey: true, message, fix });
}

function rolloutOf({ definition, sound }: Prepared): Rollout | undefined {
  return sound('/rollout') ? definition.rollout : undefined;
}

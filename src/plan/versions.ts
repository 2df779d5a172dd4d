// Two versions of one server as one entry of the plan: which of them serves a request is asked where there are two.
import type { Rollout } from '../definition/schema/rollout.ts';
import { createAccess } from '../gate/permission/access.ts';
import { isCanaryFor } from '../rollout/choose-version.ts';
import type { RolloutState } from '../rollout/rollout-state.ts';
import type { ServerPlan, VersionRequest } from './server-plan.ts';

/** Where a rollout stands now; undefined before its start. */
export type RolloutStateOf = (slug: string, rollout: Rollout) => RolloutState | undefined;

/** Header that asks for the canary, and what it takes. */
const CANARY_HEADER = 'canary';
const FORCE = { anyOf: ['admin:rollout'], allOf: [] };

/** The stable server with its other version beside it; both close together. */
export function joinVersions(
  stable: ServerPlan,
  other: { readonly canary: ServerPlan | undefined; readonly problem: string | undefined },
  options: { readonly rollout: Rollout; readonly stateOf: RolloutStateOf },
): ServerPlan {
  const { canary } = other;
  const { rollout, stateOf } = options;
  const { slug, definition } = stable;
  const choosing = { slug, sticky: rollout.sticky, random: Math.random };
  const joined: ServerPlan = {
    ...stable,
    versions: {
      ...other,
      rollout,
      choose(request) {
        if (canary === undefined) return joined;
        const { permissions } = definition.security;
        if (
          request.headers?.[CANARY_HEADER] === 'true' &&
          createAccess(request.principal, permissions).allows(FORCE)
        )
          return canary;
        const state = stateOf(slug, rollout);
        return state !== undefined && isCanaryFor(request, state, choosing) ? canary : joined;
      },
    },
    async close() {
      await Promise.all([stable.close(), canary?.close()]);
    },
  };
  return Object.freeze(joined);
}

/** The version that serves a request. */
export function versionFor(server: ServerPlan, request: VersionRequest): ServerPlan {
  return server.versions === undefined ? server : server.versions.choose(request);
}

// Builds what accepts tokens: the issuers' keys, kept across reloads, and the table of each server.
import type { Egress } from '../egress/egress.ts';
import { fetchPublicKeys } from '../gate/credential/tokens/issuer-endpoints.ts';
import { createKeySource, type KeySource } from '../gate/credential/tokens/key-source.ts';
import { metadataRoutes } from '../gate/credential/tokens/metadata-routes.ts';
import type { TokenDeps } from '../gate/credential/tokens/token-door.ts';
import { createTokenTable } from '../gate/credential/tokens/token-table.ts';
import { issuersOf, type KeySourceOf, trustedIssuers } from '../gate/credential/tokens/trusted-issuers.ts';
import type { Health } from '../operations/health/health.ts';
import type { PlanHolder } from '../plan/server-plan.ts';
import type { Route } from '../route.ts';
import type { Log } from '../telemetry/log.ts';

export interface IdentityDeps {
  readonly egress: Egress;
  readonly log: Log;
  readonly publicUrl: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Tokens of this process. */
export interface Identity extends TokenDeps {
  readonly keySourceOf: KeySourceOf;
}

/** One source of keys per issuer, whatever the number of servers and reloads that trust it. */
export function createIdentity(deps: IdentityDeps): Identity {
  const { egress, log, now, publicUrl } = deps;
  const sources = new Map<string, KeySource>();
  const keySourceOf: KeySourceOf = (location) => {
    const key = JSON.stringify([location.issuer, location.jwksUri]);
    let source = sources.get(key);
    if (source === undefined) {
      source = createKeySource({
        name: location.issuer,
        load: () => fetchPublicKeys(egress, location),
        now,
        log,
      });
      sources.set(key, source);
    }
    return source;
  };
  return {
    publicUrl,
    keySourceOf,
    tableFor(definition) {
      const issuers = trustedIssuers(definition, keySourceOf);
      if (issuers.length === 0) return undefined;
      const { authenticated } = definition.security.permissions;
      return createTokenTable({
        issuers,
        authenticated,
        now,
        log,
        generation: () => 0,
        hasIssuers: issuersOf(definition).length > 0,
      });
    },
  };
}

/** Watches the issuers of the plan in force; one that is down degrades, since the keys known so far go on. */
export function watchIssuers(identity: Identity, plans: PlanHolder, health: Health): void {
  health.add({
    name: 'issuers',
    critical: false,
    check() {
      const trusted = [...plans.current().servers.values()].flatMap(({ definition }) =>
        issuersOf(definition),
      );
      const problems = trusted.flatMap(({ issuer, jwksUri }) => {
        const source = identity.keySourceOf({ issuer, ...(jwksUri === undefined ? {} : { jwksUri }) });
        source.refresh();
        const problem = source.problem();
        return problem === undefined ? [] : [problem];
      });
      if (problems.length === 0) return { status: 'healthy' };
      return { status: 'degraded', message: [...new Set(problems)].join(' ') };
    },
  });
}

/** What clients and people without a credential ask. */
export function identityRoutes({ publicUrl }: Identity, plans: PlanHolder): readonly Route[] {
  const definitionOf = (slug: string | undefined) => {
    const { servers, defaultServer } = plans.current();
    return (slug === undefined ? defaultServer : servers.get(slug))?.definition;
  };
  return metadataRoutes({ definitionOf, publicUrl });
}

// Builds what accepts tokens: the issuers' keys, kept across reloads, the table of each server, and local login.
import type { Definition } from '../definition/schema/definition.ts';
import type { Egress } from '../egress/egress.ts';
import { fetchPublicKeys } from '../gate/credential/tokens/issuer-endpoints.ts';
import { createKeySource, type KeySource } from '../gate/credential/tokens/key-source.ts';
import type { TokenDeps } from '../gate/credential/tokens/token-door.ts';
import type { TrustedIssuer } from '../gate/credential/tokens/token-issuer.ts';
import { createTokenStanding, type TokenStanding } from '../gate/credential/tokens/token-standing.ts';
import { createTokenTable } from '../gate/credential/tokens/token-table.ts';
import { issuersOf, type KeySourceOf, trustedIssuers } from '../gate/credential/tokens/trusted-issuers.ts';
import type { Health } from '../operations/health/health.ts';
import type { PlanHolder } from '../plan/server-plan.ts';
import type { Log } from '../telemetry/log.ts';

export interface TokenAccessDeps {
  readonly egress: Egress;
  readonly log: Log;
  readonly publicUrl: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Accepted where `authentication.local` is on; `generation` grows when accounts change. */
  readonly local?: { readonly issuer: TrustedIssuer; readonly generation: () => number };
}

/** Tokens of this process. */
export interface TokenAccess extends TokenDeps {
  readonly keySourceOf: KeySourceOf;
}

/** One source of keys per issuer, whatever the number of servers and reloads that trust it. */
export function createTokenAccess(deps: TokenAccessDeps): TokenAccess {
  const { log, now, publicUrl, local } = deps;
  const keySourceOf = createKeySources(deps);
  const generation = local?.generation ?? (() => 0);
  const standings = new Map<string, TokenStanding>();
  const standingOf = (slug: string) => {
    const standing = standings.get(slug) ?? createTokenStanding(generation);
    standings.set(slug, standing);
    return standing;
  };
  return {
    publicUrl,
    keySourceOf,
    tableFor(definition) {
      const own = local !== undefined && hasLocalLogin(definition) ? [local.issuer] : [];
      const issuers = [...trustedIssuers(definition, keySourceOf), ...own];
      if (issuers.length === 0) return undefined;
      return createTokenTable({
        issuers,
        authenticated: definition.security.permissions.authenticated,
        now,
        log,
        generation,
        hasIssuers: issuersOf(definition).length > 0,
        standing: standingOf(definition.slug),
      });
    },
  };
}

/** Whether people log in here with a password. */
export function hasLocalLogin({ security }: Definition): boolean {
  const { authentication } = security;
  return security.enabled && authentication?.enabled === true && authentication.local?.enabled === true;
}

function createKeySources({ egress, log, now }: TokenAccessDeps): KeySourceOf {
  const sources = new Map<string, KeySource>();
  return (location) => {
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
}

/** Watches the issuers of the plan in force; one that is down degrades, since the keys known so far go on. */
export function watchIssuers(tokens: TokenAccess, plans: PlanHolder, health: Health): void {
  health.add({
    name: 'issuers',
    critical: false,
    check() {
      const trusted = [...plans.current().servers.values()].flatMap(({ definition }) =>
        issuersOf(definition),
      );
      const problems = trusted.flatMap(({ issuer, jwksUri }) => {
        const source = tokens.keySourceOf({ issuer, ...(jwksUri === undefined ? {} : { jwksUri }) });
        source.refresh();
        const problem = source.problem();
        return problem === undefined ? [] : [problem];
      });
      if (problems.length === 0) return { status: 'healthy' };
      return { status: 'degraded', message: [...new Set(problems)].join(' ') };
    },
  });
}

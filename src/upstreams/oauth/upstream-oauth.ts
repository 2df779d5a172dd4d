// OAuth of one upstream: its callers' grants, and how each begins a round.
import type { AuditLog } from '../../gate/audit/audit.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { type Authorizations, type OAuthConfig, parseGrant } from './authorizations.ts';
import { createGrants, type GrantsDeps } from './authorized-endpoint.ts';
import type { Resource } from './discovery.ts';
import { grantEvent } from './grant-events.ts';

/** What the OAuth of all upstreams shares. */
export interface OAuthDeps extends GrantsDeps {
  readonly authorizations: Authorizations;
  /** Address of the page of a round, for people. */
  readonly pageUrl: (state: string) => string;
  /** Absent where nothing is recorded. */
  readonly audit?: AuditLog;
}

/** Subjects are keys of callers. */
export interface UpstreamOAuth {
  endpointFor(subject: string | undefined): Endpoint;
  /** Resolves with the address that the caller's person opens. Rejects with UpstreamError. */
  begin(subject: string): Promise<string>;
  granted(subject: string, signal: AbortSignal): Promise<void>;
  /** Takes back what a caller granted; false where there was nothing. */
  remove(subject: string): Promise<boolean>;
  /** Grants may have changed in another process. */
  forget(): void;
}

export function createUpstreamOAuth(
  upstream: {
    readonly place: string;
    readonly endpoint: Endpoint;
    readonly resource: Resource;
    readonly config: OAuthConfig;
  },
  deps: OAuthDeps,
): UpstreamOAuth {
  const { place, endpoint, resource, config } = upstream;
  const grants = createGrants(place, deps);
  return {
    endpointFor: (subject) => grants.endpointFor(subject, endpoint),
    async begin(subject) {
      const challenge = grants.challengeOf(subject);
      return deps.pageUrl(await deps.authorizations.begin({ place, subject, resource, config, challenge }));
    },
    granted: grants.granted,
    async remove(subject) {
      const name = { kind: 'grant', place, subject } as const;
      const grant = parseGrant(await deps.records.read(name));
      if (grant === undefined) return deps.records.remove(name);
      await deps.audit?.commit(grantEvent({ place, subject }, 'forgotten', grant.scopes));
      return deps.records.remove(name);
    },
    forget: grants.forget,
  };
}

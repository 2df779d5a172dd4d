// OAuth towards upstreams: what of it belongs to the process, over its store and under its address.
import type { Egress } from '../egress/egress.ts';
import type { AuditLog } from '../gate/audit/audit.ts';
import type { Store } from '../store/store.ts';
import { createAuthorizations } from '../upstreams/oauth/authorizations.ts';
import {
  CALLBACK_PATH,
  CLIENT_METADATA_PATH,
  type OAuthRoutesDeps,
  ROUNDS_PATH,
} from '../upstreams/oauth/oauth-routes.ts';
import { createOAuthRecords } from '../upstreams/oauth/records.ts';
import type { OAuthDeps } from '../upstreams/oauth/upstream-oauth.ts';
import { UpstreamError } from '../upstreams/upstream-error.ts';
import { openSecretStore, type SecretSettings } from './secrets.ts';

/** For the upstreams, for the routes, and where this process listens. */
export interface AppOAuth {
  readonly deps: OAuthDeps;
  readonly routes: Omit<OAuthRoutesDeps, 'find'>;
  /** The address of the listener, which people are sent to where there is no public one. */
  listening(origin: string): void;
}

export function openUpstreamOAuth(options: {
  readonly settings: SecretSettings;
  readonly store: Store;
  readonly egress: Egress;
  readonly audit: AuditLog;
}): AppOAuth {
  const { settings, store, egress, audit } = options;
  const { publicUrl } = settings.environment;
  let origin = publicUrl;
  const at = (path: string): string => {
    if (origin !== undefined) return `${origin}${path}`;
    const why = 'A person has to authorize it over HTTP: start the server, or set QUAYSIDE_PUBLIC_URL.';
    throw new UpstreamError('unauthorized', why);
  };
  const { dataKeys } = openSecretStore(settings, store);
  const records = createOAuthRecords({ store, dataKeys, now: Date.now });
  const callbackUrl = () => at(CALLBACK_PATH);
  // Authorization servers read the document themselves: only a public address is one for them.
  const isPublic = publicUrl?.startsWith('https:') === true;
  const clientMetadataUrl = () => (isPublic ? at(CLIENT_METADATA_PATH) : undefined);
  const authorizations = createAuthorizations({
    egress,
    records,
    callbackUrl,
    clientMetadataUrl,
    audit,
    now: Date.now,
  });
  const pageUrl = (state: string) => at(`${ROUNDS_PATH}/${state}`);
  return {
    deps: { egress, records, now: Date.now, authorizations, pageUrl, audit },
    routes: { authorizations, callbackUrl, clientMetadataUrl },
    listening(own) {
      origin ??= own;
    },
  };
}

// Stage 5: authentication. A failed credential is never answered as anonymous (governance §2).
import type { IncomingHttpHeaders } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import type { Security } from '../../definition/schema/security.ts';
import { QuaysideError } from '../../errors.ts';
import type { Principal } from '../../tool.ts';
import type { GateEvents } from '../events.ts';
import type { Exchange, GateServer, PreparedRequestStage, RequestStage } from '../stage.ts';
import { DEFAULT_TENANT } from '../tenant/tenant.ts';
import type { KeySource } from './key-ring.ts';
import { createKeyTables, type KeyFailure, type KeyTable } from './key-table.ts';
import { admitToken, type TokenDeps, withTokens } from './tokens/token-door.ts';
import { looksLikeToken } from './tokens/token-table.ts';
import { unauthenticated } from './unauthenticated.ts';

/** What the stage works with, the same for every server of the process. */
export interface CredentialStageDeps {
  readonly keys: KeySource;
  readonly salt: string;
  readonly previousSalt?: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly events: GateEvents;
  /** Only where `QUAYSIDE_DEV_TENANT_HEADER` is set: the principal of a caller who names a tenant and nothing else. */
  readonly tenantHeader?: TenantHeaderAccess;
  /** Absent: no server accepts tokens. */
  readonly tokens?: TokenDeps;
}

/** Undefined: the request names no tenant. */
export type TenantHeaderAccess = (
  headers: IncomingHttpHeaders,
  permissions: readonly string[],
) => Principal | undefined;

/** The principal where a definition has no `authentication` block, on loopback and outside production only. */
const OPEN_PRINCIPAL: Principal = {
  type: 'anonymous',
  id: 'anonymous',
  name: 'anonymous',
  tenantId: DEFAULT_TENANT,
  roles: [],
  permissions: ['*:*'],
};

/**
 * Provides `exchange.principal`. Refuses with `unauthenticated` and `data.reason` of missing, invalid, expired,
 * disabled, not_yet_valid, conflicting, or with `address_refused` for a key used from elsewhere.
 */
export function credentialStage(deps: CredentialStageDeps): RequestStage {
  return {
    name: 'credential',
    prepare(server) {
      const { security } = server.definition;
      const { authentication } = security;
      if (!security.enabled || authentication === undefined || !authentication.enabled)
        return openStage(deps);
      return keyStage(deps, server, authentication);
    },
  };
}

/** The start has already refused this on any address but loopback and in production. */
function openStage({ events, tenantHeader }: CredentialStageDeps): PreparedRequestStage {
  return {
    name: 'credential',
    enter(exchange) {
      if (exchange.principal !== undefined) return undefined;
      exchange.principal = tenantHeader?.(exchange.headers, OPEN_PRINCIPAL.permissions) ?? OPEN_PRINCIPAL;
      events.authenticated('anonymous', 'success');
      return undefined;
    },
  };
}

function keyStage(
  deps: CredentialStageDeps,
  server: GateServer,
  authentication: NonNullable<Security['authentication']>,
): PreparedRequestStage {
  const { permissions } = server.definition.security;
  const header = authentication.headerName.toLowerCase();
  const table = currentTable(deps, authentication, permissions);
  const anonymous: Principal = { ...OPEN_PRINCIPAL, permissions: permissions.anonymous };
  const tokens = deps.tokens?.tableFor(server.definition);
  return withTokens(deps.tokens, tokens, {
    name: 'credential',
    enter(exchange) {
      if (exchange.principal !== undefined) return undefined;
      const presented = presentedKey(exchange.headers, header);
      if (presented instanceof QuaysideError) return refuse(deps.events, presented, 'conflicting');
      if (presented !== undefined && tokens !== undefined && looksLikeToken(presented))
        return admitToken(exchange, tokens.find(presented), header, deps.events);
      if (presented !== undefined) return admitKey(deps, exchange, table(), presented, header);
      const named = deps.tenantHeader?.(exchange.headers, permissions.authenticated);
      if (named !== undefined) {
        exchange.principal = named;
        deps.events.authenticated('anonymous', 'success');
        return undefined;
      }
      if (authentication.allowAnonymous) {
        exchange.principal = anonymous;
        deps.events.authenticated('anonymous', 'success');
        return undefined;
      }
      if (exchange.credentialOptional) return undefined;
      return refuse(deps.events, unauthenticated('missing', header), 'missing');
    },
    holds({ principal, clientAddress }) {
      if (principal.type === 'anonymous') {
        // Whoever came while nothing was demanded had all rights, which are not those of `anonymous` now.
        const isSame = isDeepStrictEqual(principal.permissions, anonymous.permissions);
        return deps.tenantHeader !== undefined || (authentication.allowAnonymous && isSame);
      }
      return principal.type !== 'key' || table().holds(principal, clientAddress, deps.now());
    },
  });
}

/** The table, built again only after the keys of the store changed. */
function currentTable(
  deps: CredentialStageDeps,
  authentication: NonNullable<Security['authentication']>,
  permissions: Security['permissions'],
): () => KeyTable {
  const build = createKeyTables({
    definitionKeys: authentication.apiKeys,
    permissions,
    salt: deps.salt,
    ...(deps.previousSalt === undefined ? {} : { previousSalt: deps.previousSalt }),
  });
  let keys = deps.keys.keys();
  let table = build(keys);
  return () => {
    const current = deps.keys.keys();
    if (current !== keys) {
      keys = current;
      table = build(keys);
    }
    return table;
  };
}

function admitKey(
  deps: CredentialStageDeps,
  exchange: Exchange,
  table: KeyTable,
  presented: string,
  header: string,
): QuaysideError | undefined {
  const found = table.find(presented, exchange.clientAddress, deps.now());
  if (typeof found !== 'string') {
    exchange.principal = found;
    deps.events.authenticated('key', 'success');
    return undefined;
  }
  return refuse(
    deps.events,
    found === 'address' ? new QuaysideError('address_refused') : unauthenticated(found, header),
    found,
  );
}

function refuse(
  events: GateEvents,
  error: QuaysideError,
  reason: KeyFailure | 'missing' | 'conflicting',
): QuaysideError {
  events.authenticated('key', reason);
  return error;
}

/** The key from the configured header or `Authorization: Bearer`; both with different values is an error. */
function presentedKey(headers: IncomingHttpHeaders, header: string): string | undefined | QuaysideError {
  const own = headers[header];
  const fromHeader = Array.isArray(own) ? own.join(',') : own;
  const authorization = header === 'authorization' ? undefined : headers.authorization;
  const bearer = authorization === undefined ? undefined : bearerToken(authorization);
  if (fromHeader === undefined) return bearer;
  const value = header === 'authorization' ? bearerToken(fromHeader) : fromHeader;
  if (bearer !== undefined && bearer !== value) return unauthenticated('conflicting', header);
  return value;
}

/** A credential in another scheme is still a credential, and a wrong one: it must not pass as anonymous. */
function bearerToken(authorization: string): string {
  return /^bearer /i.test(authorization) ? authorization.slice('bearer '.length).trim() : authorization;
}

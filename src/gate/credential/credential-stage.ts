// Stage 5: authentication. A failed credential is never answered as anonymous (governance §2).
import type { IncomingHttpHeaders } from 'node:http';
import type { Security } from '../../definition/schema/security.ts';
import { QuaysideError } from '../../errors.ts';
import type { Principal } from '../../tool.ts';
import type { GateEvents } from '../events.ts';
import type { Exchange, GateServer, PreparedRequestStage, RequestStage } from '../stage.ts';
import type { KeyFile } from './key-file.ts';
import { createKeyTable, DEFAULT_TENANT, type KeyFailure, type KeyTable } from './key-table.ts';
import { admitToken, type TokenDeps, withTokens } from './tokens/token-door.ts';
import { looksLikeToken } from './tokens/token-table.ts';
import { unauthenticated } from './unauthenticated.ts';

export interface CredentialStageDeps {
  readonly keyFile: KeyFile;
  readonly salt: string;
  readonly previousSalt?: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly events: GateEvents;
  /** Absent: no server accepts tokens. */
  readonly tokens?: TokenDeps;
}

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
        return openStage(deps.events);
      return keyStage(deps, server, authentication);
    },
  };
}

/** The start has already refused this on any address but loopback and in production. */
function openStage(events: GateEvents): PreparedRequestStage {
  return {
    name: 'credential',
    enter(exchange) {
      if (exchange.principal !== undefined) return undefined;
      exchange.principal = OPEN_PRINCIPAL;
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
      if (authentication.allowAnonymous) {
        exchange.principal = anonymous;
        deps.events.authenticated('anonymous', 'success');
        return undefined;
      }
      if (exchange.credentialOptional) return undefined;
      return refuse(deps.events, unauthenticated('missing', header), 'missing');
    },
  });
}

/** The table, built again only after the key file changed. */
function currentTable(
  deps: CredentialStageDeps,
  authentication: NonNullable<Security['authentication']>,
  permissions: Security['permissions'],
): () => KeyTable {
  const build = () =>
    createKeyTable({
      definitionKeys: authentication.apiKeys,
      storedKeys: deps.keyFile.keys(),
      permissions,
      salt: deps.salt,
      ...(deps.previousSalt === undefined ? {} : { previousSalt: deps.previousSalt }),
    });
  let generation = deps.keyFile.generation;
  let table = build();
  return () => {
    if (deps.keyFile.generation !== generation) {
      generation = deps.keyFile.generation;
      table = build();
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

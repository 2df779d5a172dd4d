// What a 401 or 403 tells a client of OAuth (RFC 6750 §3, RFC 9728 §5.1, MCP authorization).
import { QuaysideError } from '../../../errors.ts';
import type { Exchange } from '../../stage.ts';

/** Path of the metadata of the whole installation; the path of an endpoint is appended (RFC 9728 §3.1). */
export const METADATA_PATH = '/.well-known/oauth-protected-resource';

/** Scheme and host under which clients reach the server: what the operator said, else what this client used. */
export function publicOrigin(publicUrl: string | undefined, host: string | undefined): string {
  // The host stage let this name in; without TLS of our own a proxy says what it is, by QUAYSIDE_PUBLIC_URL.
  return publicUrl ?? `http://${host ?? 'localhost'}`;
}

/** Where the metadata of what the exchange asks for is. */
export function metadataUrl(
  exchange: Pick<Exchange, 'path' | 'headers'>,
  publicUrl: string | undefined,
): string {
  const endpoint = /^\/mcp(?:\/[^/]+)?$/.test(exchange.path) ? exchange.path : '';
  return `${publicOrigin(publicUrl, exchange.headers.host)}${METADATA_PATH}${endpoint}`;
}

/** The same refusal, naming the metadata; a credential that was presented and failed is called so. */
export function withChallenge(refusal: QuaysideError, url: string): QuaysideError {
  if (refusal.code !== 'unauthenticated') return refusal;
  const isFailed = refusal.data?.reason !== 'missing';
  const parts = [...(isFailed ? ['error="invalid_token"'] : []), `resource_metadata="${url}"`];
  return new QuaysideError(refusal.code, {
    message: refusal.message,
    headers: { ...refusal.headers, 'www-authenticate': `Bearer ${parts.join(', ')}` },
    ...(refusal.data === undefined ? {} : { data: refusal.data }),
  });
}

/** Characters of a scope (RFC 6749 §3.3); a URI or name with others cannot be asked for. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** The header of a 403 that more scopes would have prevented; undefined where no scope can name them. */
export function insufficientScope(scopes: readonly string[]): string | undefined {
  if (scopes.length === 0 || !scopes.every((scope) => SCOPE.test(scope))) return undefined;
  return `Bearer error="insufficient_scope", scope="${scopes.join(' ')}"`;
}

// Who may authorize requests to an upstream, and how: metadata of the resource (RFC 9728) and of its authorization server
// (RFC 8414, OpenID Connect Discovery). All of it is somebody else's word until it was checked.
import { issuerUrlProblem } from '../../definition/issuer-url.ts';
import { withPort } from '../../egress/allow-list.ts';
import type { Egress } from '../../egress/egress.ts';
import { parseTarget } from '../../egress/target.ts';
import type { JsonObject } from '../../tool.ts';
import { isObject } from '../json-object.ts';
import { UpstreamError } from '../upstream-error.ts';

/** An upstream as an OAuth resource. */
export interface Resource {
  readonly url: string;
  /** The address stands literally in a file of the operator, so it may be a private one (ruling "Egress"). */
  readonly trusted: boolean;
}

/** What is known of the resource. */
export interface ResourceMetadata {
  /** What tokens are asked for (RFC 8707). */
  readonly resource: string;
  readonly issuer: string;
  readonly scopes: readonly string[] | undefined;
}

/** What is known of the authorization server. */
export interface ServerMetadata {
  readonly issuer: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly registrationEndpoint: string | undefined;
  readonly scopes: readonly string[];
  readonly authMethods: readonly string[] | undefined;
  /** It takes the address of a document about the client as the client's id. */
  readonly takesMetadataDocuments: boolean;
  /** It says in each answer which server answers (RFC 9207). */
  readonly namesIssuer: boolean;
}

const TIMEOUT_MS = 10_000;
/** Metadata takes a few kilobytes. */
const DOCUMENT_BYTES_MAX = 256 * 1024;

/** Rejects with UpstreamError where there is no metadata, or where it is about another resource. */
export async function discoverResource(
  egress: Egress,
  resource: Resource,
  named: string | undefined,
): Promise<ResourceMetadata> {
  const document = await firstDocument(egress, resourceUrls(resource.url, named), resource);
  const { resource: own, authorization_servers: servers, scopes_supported: scopes } = document ?? {};
  if (typeof own !== 'string' || !covers(own, resource.url))
    throw refused('It has no metadata of this resource (RFC 9728), or metadata of another one.');
  const issuer = textsOf(servers)?.[0];
  if (issuer === undefined) throw refused('Its metadata names no authorization server.');
  return { resource: own, issuer, scopes: textsOf(scopes) };
}

/** Rejects with UpstreamError where there is no metadata of this very issuer, or without PKCE. */
export async function discoverServer(egress: Egress, issuer: string): Promise<ServerMetadata> {
  const document = await firstDocument(egress, serverUrls(issuer), undefined);
  if (document === undefined) throw refused('Its authorization server has no metadata.');
  // Endpoints of another issuer would get codes and tokens of this one (RFC 8414 §3.3).
  if (document.issuer !== issuer)
    throw refused('The metadata of its authorization server names another one.');
  if (textsOf(document.code_challenge_methods_supported)?.includes('S256') !== true)
    throw refused('Its authorization server does not say that it knows PKCE with S256.');
  const registration = document.registration_endpoint;
  return {
    issuer,
    authorizationEndpoint: parseEndpoint(document.authorization_endpoint),
    tokenEndpoint: parseEndpoint(document.token_endpoint),
    registrationEndpoint: registration === undefined ? undefined : parseEndpoint(registration),
    scopes: textsOf(document.scopes_supported) ?? [],
    authMethods: textsOf(document.token_endpoint_auth_methods_supported),
    takesMetadataDocuments: document.client_id_metadata_document_supported === true,
    namesIssuer: document.authorization_response_iss_parameter_supported === true,
  };
}

/** The named document first, then that of the path, then that of the host (RFC 9728 §3.1, MCP authorization). */
function resourceUrls(url: string, named: string | undefined): string[] {
  if (named !== undefined) return [named];
  const { origin, pathname } = new URL(url);
  const path = pathname === '/' ? '' : pathname;
  return [...new Set([path, ''])].map((end) => `${origin}/.well-known/oauth-protected-resource${end}`);
}

function serverUrls(issuer: string): string[] {
  if (issuerUrlProblem(issuer) !== undefined)
    throw refused('The address of its authorization server is none.');
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  const inserted = ['oauth-authorization-server', 'openid-configuration'].map(
    (name) => `${origin}/.well-known/${name}${path}`,
  );
  return path === '' ? inserted : [...inserted, `${origin}${path}/.well-known/openid-configuration`];
}

/** `own`: the upstream, whose own address may be private; what it names may not. */
async function firstDocument(
  egress: Egress,
  urls: readonly string[],
  own: Resource | undefined,
): Promise<JsonObject | undefined> {
  for (const url of urls) {
    if (issuerUrlProblem(url) !== undefined && !isOwn(url, own))
      throw refused('It names an address that is none.');
    const { status, body } = await egress
      .fetch({
        url,
        method: 'GET',
        headers: { accept: 'application/json' },
        timeoutMs: TIMEOUT_MS,
        maxBytes: DOCUMENT_BYTES_MAX,
        purpose: 'upstream-oauth',
        allowedHosts: isOwn(url, own) ? [hostOf(url)] : [],
      })
      .catch((cause: unknown) => {
        throw new UpstreamError('unauthorized', 'The metadata for its authorization cannot be reached.', {
          cause,
        });
      });
    if (status !== 200) continue;
    const document = parseDocument(body.toString('utf8'));
    if (document !== undefined) return document;
  }
  return undefined;
}

function isOwn(url: string, own: Resource | undefined): boolean {
  return own?.trusted === true && URL.canParse(url) && new URL(url).origin === new URL(own.url).origin;
}

function hostOf(url: string): string {
  const { hostname, port } = parseTarget(url);
  return withPort(hostname, port);
}

/** The same origin, and a path that the upstream's begins with. */
function covers(resource: string, url: string): boolean {
  if (!URL.canParse(resource)) return false;
  const [named, own] = [new URL(resource), new URL(url)];
  const slashed = (path: string) => (path.endsWith('/') ? path : `${path}/`);
  return named.origin === own.origin && slashed(own.pathname).startsWith(slashed(named.pathname));
}

function parseEndpoint(value: unknown): string {
  if (typeof value !== 'string' || issuerUrlProblem(value) !== undefined)
    throw refused('The metadata of its authorization server names an endpoint that is none.');
  return value;
}

function parseDocument(text: string): JsonObject | undefined {
  try {
    const document: unknown = JSON.parse(text);
    return isObject(document) ? document : undefined;
  } catch {
    // What is no JSON is no metadata; another place may have it.
    return undefined;
  }
}

function textsOf(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : undefined;
}

function refused(why: string): UpstreamError {
  return new UpstreamError('unauthorized', `The upstream cannot be authorized. ${why}`);
}

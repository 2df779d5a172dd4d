// What an issuer says of itself (OpenID Connect Discovery, RFC 8414) and the documents behind it.
import { issuerUrlProblem } from '../../../definition/issuer-url.ts';
import { withPort } from '../../../egress/allow-list.ts';
import type { Egress } from '../../../egress/egress.ts';
import { parseTarget } from '../../../egress/target.ts';
import { parsePublicKeys, type VerificationKey } from './public-keys.ts';

/** An issuer that is slower than this is down for whoever waits to be let in. */
const TIMEOUT_MS = 5000;
/** A hundred keys with certificate chains fit into it several times. */
const DOCUMENT_BYTES_MAX = 512 * 1024;

/** Where the documents of one issuer are. */
export interface IssuerLocation {
  readonly issuer: string;
  /** Skips discovery. */
  readonly jwksUri?: string;
}

/** What discovery found. */
export interface IssuerEndpoints {
  readonly jwksUri: string;
  readonly userinfoEndpoint: string | undefined;
}

/** The keys of an issuer as they are now. Rejects with a sentence for the operator. */
export async function fetchPublicKeys(
  egress: Egress,
  location: IssuerLocation,
): Promise<readonly VerificationKey[]> {
  const jwksUri = location.jwksUri ?? (await discoverIssuer(egress, location)).jwksUri;
  return parsePublicKeys(await fetchDocument(egress, location, { url: jwksUri, purpose: 'jwks' }));
}

/**
 * Asks the OpenID Connect document first, then that of OAuth. Rejects when neither names this very issuer: keys of
 * another one would let its tokens in (OpenID Connect Discovery §4.3).
 */
export async function discoverIssuer(egress: Egress, location: IssuerLocation): Promise<IssuerEndpoints> {
  const failures: string[] = [];
  for (const url of discoveryUrls(location.issuer)) {
    try {
      return parseEndpoints(await fetchDocument(egress, location, { url, purpose: 'discovery' }), location);
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new Error(`Discovery failed: ${[...new Set(failures)].join(' ')}`);
}

interface DocumentRequest {
  readonly url: string;
  readonly purpose: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Fetches one JSON document of an issuer. Rejects with a sentence for the operator. */
export async function fetchDocument(
  egress: Egress,
  location: IssuerLocation,
  request: DocumentRequest,
): Promise<unknown> {
  const problem = issuerUrlProblem(request.url);
  if (problem !== undefined) throw new Error(`${request.url}: ${problem}`);
  const { status, body } = await egress.fetch({
    ...request,
    method: 'GET',
    headers: { accept: 'application/json', ...request.headers },
    timeoutMs: TIMEOUT_MS,
    maxBytes: DOCUMENT_BYTES_MAX,
    allowedHosts: literalHosts(location),
  });
  if (status !== 200) throw new Error(`${request.url} answered ${status}.`);
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new Error(`${request.url} did not answer JSON.`, { cause });
  }
}

/** The operator wrote these addresses, so they may be private; what an issuer names itself may not. */
function literalHosts({ issuer, jwksUri }: IssuerLocation): string[] {
  return [issuer, ...(jwksUri === undefined ? [] : [jwksUri])].map((text) => {
    const { hostname, port } = parseTarget(text);
    return withPort(hostname, port);
  });
}

/** RFC 8414 §3.1 inserts its path before that of the issuer, OpenID Connect appends it. */
function discoveryUrls(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  return [
    `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${path}`,
  ];
}

function parseEndpoints(document: unknown, { issuer }: IssuerLocation): IssuerEndpoints {
  const { issuer: named, jwks_uri: jwksUri, userinfo_endpoint: userinfo } = Object(document);
  if (named !== issuer) throw new Error(`The document names the issuer ${JSON.stringify(named)}.`);
  if (typeof jwksUri !== 'string') throw new Error('The document names no jwks_uri.');
  return { jwksUri, userinfoEndpoint: typeof userinfo === 'string' ? userinfo : undefined };
}

// Rounds in which a person lets us use an upstream on their behalf: where to send them, and what comes back (OAuth 2.1
// with PKCE, MCP authorization). What was granted belongs to one caller at one upstream.
import { createHash, randomBytes } from 'node:crypto';
import type { Egress } from '../../egress/egress.ts';
import type { AuditLog } from '../../gate/audit/audit.ts';
import type { JsonObject } from '../../tool.ts';
import { UpstreamError } from '../upstream-error.ts';
import type { Challenge } from './challenge.ts';
import { discoverResource, discoverServer, type Resource, type ServerMetadata } from './discovery.ts';
import { grantEvent, refusedRoundEvent } from './grant-events.ts';
import type { OAuthRecords } from './records.ts';
import {
  fetchTokens,
  methodOf,
  type OAuthClient,
  registerClient,
  type TokenPlace,
  type Tokens,
} from './token-client.ts';

/** What an operator says of OAuth at one upstream. */
export interface OAuthConfig {
  readonly clientId?: string | undefined;
  readonly clientSecret?: string | undefined;
  readonly scopes: readonly string[];
}

/** Who asks for what. */
export interface RoundRequest {
  /** `server/upstream`. */
  readonly place: string;
  /** Key of the caller. */
  readonly subject: string;
  readonly resource: Resource;
  readonly config: OAuthConfig;
  readonly challenge: Challenge;
}

/** A grant as it is kept. */
export interface Grant extends TokenPlace, Tokens {
  /** What was asked for: a later round asks for it again (MCP authorization, step-up). */
  readonly scopes: readonly string[];
}

/** A round that waits for its person. */
interface Round extends TokenPlace {
  readonly place: string;
  readonly subject: string;
  readonly issuer: string;
  readonly namesIssuer: boolean;
  readonly verifier: string;
  readonly scopes: readonly string[];
  readonly url: string;
  /** Of the browser that has opened it last. */
  readonly nonce?: string;
}

/** A round as its person sees it. */
export interface OpenRound {
  readonly place: string;
  readonly subject: string;
  /** Of the authorization server. */
  readonly url: string;
}

/** What an authorization server sends back with the person. */
export interface RoundAnswer {
  readonly state: string;
  /** Of the browser that opened the round: another person's browser cannot end it. */
  readonly nonce: string;
  readonly code?: string | undefined;
  readonly issuer?: string | undefined;
  readonly error?: string | undefined;
}

export interface Authorizations {
  /** Resolves with the state of a new round, whose page the caller's person opens. Rejects with UpstreamError. */
  begin(request: RoundRequest): Promise<string>;
  /** Lets the browser that has `nonce` go on; whom it does this for, and where it goes. Undefined for no round. */
  open(state: string, nonce: string): Promise<OpenRound | undefined>;
  /** Ends a round; the grant is kept. Rejects with UpstreamError for a round that is unknown, over or refused. */
  finish(answer: RoundAnswer): Promise<{ readonly place: string }>;
}

export interface AuthorizationsDeps {
  readonly egress: Egress;
  readonly records: OAuthRecords;
  /** Where authorization servers send people back to. */
  readonly callbackUrl: () => string;
  /** Address of the document about us; undefined where nobody outside could read it. */
  readonly clientMetadataUrl: () => string | undefined;
  /** Absent where nothing is recorded. */
  readonly audit?: AuditLog;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** People read a page, log in, and look for a second factor. */
const ROUND_MS = 600_000;
const OFFLINE = 'offline_access';

/** Over the records; the same for calls, routes and tests. */
export function createAuthorizations(deps: AuthorizationsDeps): Authorizations {
  const { egress, records, now } = deps;
  return {
    async begin({ place, subject, resource, config, challenge }) {
      const {
        issuer,
        scopes: offered,
        ...own
      } = await discoverResource(egress, resource, challenge.resourceMetadata);
      const server = await discoverServer(egress, issuer);
      const callbackUrl = deps.callbackUrl();
      const client = await clientFor(deps, server, config, callbackUrl);
      const before = parseGrant(await records.read({ kind: 'grant', place, subject }));
      const scopes = scopesOf({ challenge, config, offered, server, before: before?.scopes ?? [] });
      const state = randomBytes(32).toString('base64url');
      const verifier = randomBytes(32).toString('base64url');
      const { tokenEndpoint, namesIssuer } = server;
      const url = new URL(server.authorizationEndpoint);
      const query = {
        response_type: 'code',
        client_id: client.id,
        redirect_uri: callbackUrl,
        state,
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
        resource: own.resource,
        ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
        // Servers of OpenID Connect grant offline access only where the person was asked (Core §11).
        ...(scopes.includes(OFFLINE) ? { prompt: 'consent' } : {}),
      };
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
      const who = { ...own, place, subject, issuer, namesIssuer, tokenEndpoint, client };
      const round: Round = { ...who, verifier, scopes, url: url.href };
      await records.write(roundName(state), { ...round }, now() + ROUND_MS);
      return state;
    },
    async open(state, nonce) {
      const round = parseRound(await records.read(roundName(state)));
      if (round === undefined) return undefined;
      await records.write(roundName(state), { ...round, nonce }, now() + ROUND_MS);
      const { place, subject, url } = round;
      return { place, subject, url };
    },
    async finish({ state, nonce, code, issuer, error }) {
      const name = roundName(state);
      const round = parseRound(await records.read(name));
      // Single use: of two that come back with one state, one has a round.
      if (round === undefined || round.nonce !== nonce || !(await records.remove(name)))
        throw refused('This authorization is unknown or over: begin it again.');
      const { place, subject, scopes } = round;
      const kept = await redeem(deps, round, { code, issuer, error }).catch((failure: unknown) => {
        if (failure instanceof UpstreamError) deps.audit?.record(refusedRoundEvent(round, failure.message));
        throw failure;
      });
      await deps.audit?.commit(grantEvent(round, 'authorized', scopes));
      await records.write({ kind: 'grant', place, subject }, { ...kept });
      return { place };
    },
  };
}

/** The grant behind what came back. */
async function redeem(
  { egress, callbackUrl, now }: AuthorizationsDeps,
  round: Round,
  { code, issuer, error }: Pick<RoundAnswer, 'code' | 'issuer' | 'error'>,
): Promise<Grant> {
  const isOther = issuer === undefined ? round.namesIssuer : issuer !== round.issuer;
  if (isOther) throw refused('The answer came from another authorization server (RFC 9207).');
  if (error !== undefined || code === undefined) throw refused('The authorization was not granted.');
  const { tokenEndpoint, client, resource, verifier, scopes } = round;
  const where = { tokenEndpoint, client, resource };
  const redirect_uri = callbackUrl();
  const grant = { grant_type: 'authorization_code', code, redirect_uri, code_verifier: verifier };
  return { ...where, ...(await fetchTokens(egress, where, grant, now())), scopes };
}

/** What was configured, else our own document, else a registration, which is kept for this issuer alone. */
async function clientFor(
  { egress, records, clientMetadataUrl }: AuthorizationsDeps,
  server: ServerMetadata,
  { clientId, clientSecret }: OAuthConfig,
  callbackUrl: string,
): Promise<OAuthClient> {
  if (clientId !== undefined) {
    const secret = clientSecret === undefined ? {} : { secret: clientSecret };
    return { id: clientId, ...secret, method: methodOf(server, clientSecret !== undefined) };
  }
  const document = clientMetadataUrl();
  if (server.takesMetadataDocuments && document !== undefined) return { id: document, method: 'none' };
  const name = { kind: 'client', place: '', subject: JSON.stringify([server.issuer, callbackUrl]) } as const;
  const known = await records.read(name);
  if (known !== undefined) return parseClient(known);
  const client = await registerClient(egress, server, callbackUrl);
  await records.write(name, { ...client });
  return client;
}

/** The strategy of MCP authorization: the challenge, else all that the resource knows; never less than before. */
function scopesOf(known: {
  readonly challenge: Challenge;
  readonly config: OAuthConfig;
  readonly offered: readonly string[] | undefined;
  readonly server: ServerMetadata;
  readonly before: readonly string[];
}): readonly string[] {
  const { challenge, config, offered, server, before } = known;
  const asked = challenge.scope?.split(' ').filter((scope) => scope !== '') ?? offered ?? [];
  const wanted = config.scopes.length > 0 ? [...config.scopes, ...asked] : asked;
  const offline = server.scopes.includes(OFFLINE) ? [OFFLINE] : [];
  return [...new Set([...before, ...wanted, ...offline])];
}

function roundName(state: string) {
  // The state itself is kept by the browser alone.
  return { kind: 'round', place: '', subject: createHash('sha256').update(state).digest('hex') } as const;
}

/** Written by this part. */
export function parseGrant(value: JsonObject | undefined): Grant | undefined {
  return value as Grant | undefined;
}

function parseRound(value: JsonObject | undefined): Round | undefined {
  return value as Round | undefined;
}

function parseClient(value: JsonObject): OAuthClient {
  return value as unknown as OAuthClient;
}

function refused(why: string): UpstreamError {
  return new UpstreamError('unauthorized', why);
}

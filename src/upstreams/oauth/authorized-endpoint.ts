// Requests to an upstream on behalf of one caller: with that caller's token and no other, renewed where it is over.
import type { Egress, EgressStream } from '../../egress/egress.ts';
import { discard, type Endpoint } from '../http/endpoint.ts';
import { UpstreamError } from '../upstream-error.ts';
import { type Grant, parseGrant } from './authorizations.ts';
import { type Challenge, parseChallenge } from './challenge.ts';
import type { OAuthRecords, RecordName } from './records.ts';
import { fetchTokens } from './token-client.ts';

export interface GrantsDeps {
  readonly egress: Egress;
  readonly records: OAuthRecords;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Callers of whom something is remembered; of others the records are asked again. */
const SUBJECTS_MAX = 1000;
/** A token that ends within this time is renewed before it is used. */
const RENEW_AHEAD_MS = 30_000;

/** The grants of one upstream, by caller. */
export interface Grants {
  /** Rejects with UpstreamError `unauthorized` where the upstream wants a round, which `challengeOf` tells of. */
  endpointFor(subject: string | undefined, endpoint: Endpoint): Endpoint;
  /** What the upstream said last to this caller. */
  challengeOf(subject: string): Challenge;
  /** Resolves when the caller has another grant than the one that was refused last. Rejects with the signal's reason. */
  granted(subject: string, signal: AbortSignal): Promise<void>;
  /** Grants may have changed. */
  forget(): void;
}

/** `place`: `server/upstream`. */
export function createGrants(place: string, deps: GrantsDeps): Grants {
  const kept = createKeptGrants(place, deps);
  const challenges = new Map<string, Challenge>();
  const refused = new Map<string, string | undefined>();
  const waiting = new Set<() => void>();
  return {
    endpointFor: (subject, endpoint) => ({
      url: endpoint.url,
      async send(request) {
        const { response, used } = await sendAs(await kept.subjectOf(subject), kept, (grant) =>
          endpoint.send({ ...request, headers: { ...request.headers, ...bearer(grant) } }),
        );
        const challenge = parseChallenge(response.headers['www-authenticate']);
        const isScope = response.status === 403 && challenge.error === 'insufficient_scope';
        if (response.status !== 401 && !isScope) return response;
        await discard(response);
        remember(challenges, subject ?? '', challenge);
        remember(refused, subject ?? '', used?.accessToken);
        throw needsRound(response.status);
      },
    }),
    challengeOf: (subject) => challenges.get(subject) ?? challenges.get('') ?? {},
    async granted(subject, signal) {
      for (;;) {
        const changed = Promise.withResolvers<void>();
        waiting.add(changed.resolve);
        const onAbort = () => changed.reject(signal.reason);
        signal.addEventListener('abort', onAbort, { once: true });
        try {
          signal.throwIfAborted();
          const grant = await kept.read(subject);
          if (grant !== undefined && grant.accessToken !== refused.get(subject)) return;
          await changed.promise;
        } finally {
          waiting.delete(changed.resolve);
          signal.removeEventListener('abort', onAbort);
          changed.promise.catch(() => undefined);
        }
      }
    },
    forget() {
      kept.forget();
      for (const tell of waiting) tell();
    },
  };
}

/** Sends with the subject's token, once more where that was over and could be renewed. */
async function sendAs(
  subject: string | undefined,
  kept: KeptGrants,
  send: (grant: Grant | undefined) => Promise<EgressStream>,
): Promise<{ readonly response: EgressStream; readonly used: Grant | undefined }> {
  if (subject === undefined) return { response: await send(undefined), used: undefined };
  const used = await kept.fresh(subject);
  const response = await send(used);
  if (response.status !== 401 || used === undefined) return { response, used };
  const next = await kept.renew(subject, used.accessToken);
  if (next === undefined) return { response, used };
  await discard(response);
  return { response: await send(next), used: next };
}

interface KeptGrants {
  /** Nobody in particular is whose grant is the youngest: it reads lists, which are the same for all our callers. */
  subjectOf(subject: string | undefined): Promise<string | undefined>;
  read(subject: string): Promise<Grant | undefined>;
  /** As `read`, renewed where it ends soon. */
  fresh(subject: string): Promise<Grant | undefined>;
  /** Another one than that with the token `used`, once at a time for each subject: a refresh token serves once. */
  renew(subject: string, used: string): Promise<Grant | undefined>;
  forget(): void;
}

/** Read once and then kept, until any process changes one. */
function createKeptGrants(place: string, deps: GrantsDeps): KeptGrants {
  const { records, now } = deps;
  const known = new Map<string, Promise<Grant | undefined>>();
  const renewals = new Map<string, Promise<Grant | undefined>>();
  const nameOf = (subject: string): RecordName => ({ kind: 'grant', place, subject });

  function read(subject: string): Promise<Grant | undefined> {
    const found = known.get(subject) ?? records.read(nameOf(subject)).then(parseGrant);
    remember(known, subject, found);
    found.catch(() => known.delete(subject));
    return found;
  }

  async function renewNow(subject: string, used: string): Promise<Grant | undefined> {
    known.delete(subject);
    const grant = await read(subject);
    // Another process, or a new round, was faster.
    if (grant === undefined || grant.accessToken !== used) return grant;
    const next = await refreshed(grant, deps);
    if (next !== undefined) await records.write(nameOf(subject), { ...next });
    return next;
  }

  function renew(subject: string, used: string): Promise<Grant | undefined> {
    const running = renewals.get(subject);
    if (running !== undefined) return running;
    const renewal = renewNow(subject, used).finally(() => {
      renewals.delete(subject);
      known.delete(subject);
    });
    renewals.set(subject, renewal);
    return renewal;
  }

  return {
    subjectOf: async (subject) => subject ?? (await records.latestGrant(place))?.subject,
    read,
    async fresh(subject) {
      const grant = await read(subject);
      if (grant === undefined || !isOver(grant, now())) return grant;
      return (await renew(subject, grant.accessToken)) ?? grant;
    },
    renew,
    forget: () => known.clear(),
  };
}

/** Undefined where the grant is over for good, so that only a new round helps. */
async function refreshed(grant: Grant, { egress, now }: GrantsDeps): Promise<Grant | undefined> {
  if (grant.refreshToken === undefined) return undefined;
  try {
    const request = { grant_type: 'refresh_token', refresh_token: grant.refreshToken };
    return { ...grant, ...(await fetchTokens(egress, grant, request, now())) };
  } catch (error) {
    if (error instanceof UpstreamError && error.code !== undefined && error.code < 500) return undefined;
    throw error;
  }
}

/** Without the eldest where there are too many. */
function remember<Value>(map: Map<string, Value>, subject: string, value: Value): void {
  map.set(subject, value);
  const [eldest] = map.keys();
  if (map.size > SUBJECTS_MAX && eldest !== undefined) map.delete(eldest);
}

function bearer(grant: Grant | undefined): Record<string, string> {
  return grant === undefined ? {} : { authorization: `Bearer ${grant.accessToken}` };
}

function isOver({ expiresAt, refreshToken }: Grant, now: number): boolean {
  return refreshToken !== undefined && expiresAt !== undefined && expiresAt - now < RENEW_AHEAD_MS;
}

function needsRound(code: number): UpstreamError {
  return new UpstreamError('unauthorized', 'The upstream wants to be authorized by the caller.', { code });
}

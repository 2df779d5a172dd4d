// What happens when an upstream wants the caller to authorize us: the caller's client is asked to open a page, and the
// call goes on when that is done.
import type { Call, ClientChannel, JsonObject } from '../../tool.ts';
import { isObject } from '../../upstreams/json-object.ts';
import type { Upstream } from '../../upstreams/upstream.ts';
import { callerKey } from '../../upstreams/upstream-call.ts';
import { UpstreamError } from '../../upstreams/upstream-error.ts';

/** The same in each round of one call: a client that comes back with its answer is recognised. */
const KEY = 'authorize_upstream';

/** Resolves when the caller has granted something new. Rejects with UpstreamError, and with what ends the call. */
export async function authorizeUpstream(
  { oauth }: Upstream,
  call: Call,
  failure: UpstreamError,
): Promise<void> {
  if (oauth === undefined) throw failure;
  const subject = callerKey(call.principal);
  const url = await oauth.begin(subject);
  const answer = await ask(call, url);
  if (answer?.action !== 'accept')
    throw new UpstreamError('unauthorized', 'The authorization of the upstream was declined.');
  // Accepting says that the page was opened; what is granted there comes by another way.
  await oauth.granted(subject, call.signal);
}

async function ask({ client }: Call, url: string): Promise<JsonObject | undefined> {
  if (!opensPages(client))
    throw new UpstreamError(
      'unauthorized',
      `The upstream wants to be authorized. Open ${url} and call again.`,
    );
  const message = 'An upstream server wants you to authorize Quayside to use it for you.';
  const params = { mode: 'url', message, url, elicitationId: url.slice(url.lastIndexOf('/') + 1) };
  return (await client.requestInput({ [KEY]: { method: 'elicitation/create', params } }))[KEY];
}

/** Asked without, a request would end with what the client lacks, and the person would not learn where to go. */
function opensPages(client: ClientChannel): boolean {
  const elicitation = client.declared?.elicitation;
  return client.supports('elicitation/create') && isObject(elicitation) && isObject(elicitation.url);
}

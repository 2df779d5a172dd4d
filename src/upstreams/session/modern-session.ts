// A session of the modern era is none: each request says who asks and what may be asked back (MCP 2026-07-28).
import type { Clock } from '../../clock.ts';
import type { JsonObject } from '../../tool.ts';
import { isObject } from '../json-object.ts';
import { META, MODERN_REVISION } from '../revisions.ts';
import type { Link } from '../rpc/link.ts';
import { UpstreamError } from '../upstream-error.ts';
import { keepListening } from './listening.ts';
import type { ClientIdentity, Session } from './session.ts';

/** Logs below are not asked for: what a caller wants is known only to its own channel, which filters further. */
const LOG_LEVEL = 'info';
/** Timers know no longer time. */
const ENDLESS_MS = 2 ** 31 - 1;

/**
 * Asks what the upstream is; undefined where it answers, and does not speak the modern revision. Rejects with
 * UpstreamError for anything else.
 */
export async function discover(
  link: Link,
  client: ClientIdentity,
  timeoutMs: number,
): Promise<JsonObject | undefined> {
  const params = withMeta({}, client, {});
  const ask = () => link.request({ method: 'server/discover', params, timeoutMs });
  // It refuses the revision, and names it among those that it serves: it is taken at its second word.
  const found = await ask().catch((error: unknown) => {
    if (!refusesWhatItServes(error)) throw error;
    return ask();
  });
  const { supportedVersions } = found;
  return Array.isArray(supportedVersions) && supportedVersions.includes(MODERN_REVISION) ? found : undefined;
}

/** -32022: UnsupportedProtocolVersionError (MCP 2026-07-28, basic: protocol versions). */
function refusesWhatItServes(error: unknown): boolean {
  if (!(error instanceof UpstreamError) || error.code !== -32_022) return false;
  const supported = error.data?.supported;
  return Array.isArray(supported) && supported.includes(MODERN_REVISION);
}

/** `discovery`: what {@link discover} found. */
export function createModernSession(options: {
  readonly link: Link;
  readonly client: ClientIdentity;
  readonly discovery: JsonObject;
  readonly clock: Clock;
}): Session {
  const { link, client, discovery, clock } = options;
  const capabilities = isObject(discovery.capabilities) ? discovery.capabilities : {};
  const listening = keepListening(clock, (resources, signal) =>
    link
      .request({
        method: 'subscriptions/listen',
        params: withMeta({ notifications: filterOf(capabilities, resources) }, client, {}),
        timeoutMs: ENDLESS_MS,
        signal,
      })
      .then(() => undefined),
  );
  return {
    era: 'modern',
    revision: MODERN_REVISION,
    capabilities,
    // Questions come as the answer of their own request.
    isShared: false,
    request: ({ capabilities: asked = {}, ...request }) =>
      link.request({
        ...request,
        params: withMeta(request.params, client, asked, request.ears?.log !== undefined),
      }),
    listen: (resources) => void listening.listen(resources),
    close() {
      listening.stop();
      return link.close();
    },
  };
}

function withMeta(
  params: JsonObject,
  client: ClientIdentity,
  capabilities: JsonObject,
  wantsLog = false,
): JsonObject {
  const _meta = {
    ...(isObject(params._meta) ? params._meta : {}),
    [META.protocolVersion]: MODERN_REVISION,
    [META.clientInfo]: client,
    [META.clientCapabilities]: capabilities,
    ...(wantsLog ? { [META.logLevel]: LOG_LEVEL } : {}),
  };
  return { ...params, _meta };
}

function filterOf(capabilities: JsonObject, resources: readonly string[]): JsonObject {
  const has = (kind: string) => capabilities[kind] !== undefined;
  return {
    ...(has('tools') ? { toolsListChanged: true } : {}),
    ...(has('prompts') ? { promptsListChanged: true } : {}),
    ...(has('resources') ? { resourcesListChanged: true } : {}),
    ...(resources.length === 0 ? {} : { resourceSubscriptions: resources }),
  };
}

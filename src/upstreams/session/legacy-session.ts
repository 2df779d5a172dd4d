// A session of the legacy era: agreed on by initialize, over any link.
import type { JsonObject } from '../../tool.ts';
import { isObject } from '../json-object.ts';
import { isLegacyRevision, LEGACY_REVISION } from '../revisions.ts';
import type { Link } from '../rpc/link.ts';
import { UpstreamError } from '../upstream-error.ts';
import type { Listening } from './listening.ts';
import type { ClientIdentity, Session } from './session.ts';

/**
 * What our callers may be asked. Declared for all of them, because they share the session: an upstream whose question
 * this one caller cannot take, or not with tools, gets an error that says so.
 */
const CAPABILITIES: JsonObject = { elicitation: {}, sampling: { tools: {} } };
const WITH_ROOTS: JsonObject = { ...CAPABILITIES, roots: {} };

const SUBSCRIBE_TIMEOUT_MS = 10_000;

export interface LegacySessionOptions {
  readonly link: Link;
  readonly client: ClientIdentity;
  readonly timeoutMs: number;
  /** Whether it may ask for roots. */
  readonly roots: boolean;
  readonly isShared: boolean;
  /** Where news have a stream of their own. */
  readonly listening?: Listening;
  /** Told what was agreed on, before anything else is sent. */
  readonly agreed?: (revision: string) => void;
  /** Ends the session at the upstream. */
  readonly end?: () => Promise<void>;
}

/** Shakes hands. Rejects with UpstreamError. */
export async function openLegacySession(options: LegacySessionOptions): Promise<Session> {
  const { link, client, timeoutMs, isShared, listening } = options;
  const capabilitiesOfCallers = options.roots ? WITH_ROOTS : CAPABILITIES;
  const params = {
    protocolVersion: LEGACY_REVISION,
    capabilities: capabilitiesOfCallers,
    clientInfo: client,
  };
  const answer = await link.request({ method: 'initialize', params, timeoutMs });
  const { protocolVersion: revision } = answer;
  if (!isLegacyRevision(revision))
    throw new UpstreamError('garbage', 'The upstream answered initialize with a revision that is none.');
  options.agreed?.(revision);
  await link.notify('notifications/initialized', {});
  const capabilities = isObject(answer.capabilities) ? answer.capabilities : {};
  const subscriptions = createSubscriptions(link, capabilities);
  let hearing: Promise<void> | undefined;
  return {
    era: 'legacy',
    revision,
    capabilities,
    isShared,
    async request({ capabilities: _, ...request }) {
      // Many servers put their questions on the stream of news and not on that of the call.
      if (request.ears?.ask !== undefined) {
        hearing ??= listening?.listen([]);
        await hearing;
      }
      return link.request(request);
    },
    listen(resources) {
      hearing = listening?.listen([]);
      subscriptions.set(resources);
    },
    async close() {
      listening?.stop();
      await options.end?.();
      await link.close();
    },
  };
}

/** Each resource is subscribed to by a request of its own. */
function createSubscriptions(link: Link, capabilities: JsonObject) {
  const canSubscribe = isObject(capabilities.resources) && capabilities.resources.subscribe === true;
  const current = new Set<string>();
  const ask = (verb: 'subscribe' | 'unsubscribe', uri: string) => {
    const request = {
      method: `resources/${verb}`,
      params: { uri },
      timeoutMs: SUBSCRIBE_TIMEOUT_MS,
    };
    // A resource that cannot be subscribed to is one that nobody hears of; reading it is not affected.
    link.request(request).catch(() => current.delete(uri));
  };
  return {
    set(resources: readonly string[]) {
      if (!canSubscribe) return;
      for (const uri of current) {
        if (resources.includes(uri)) continue;
        current.delete(uri);
        ask('unsubscribe', uri);
      }
      for (const uri of resources) {
        if (current.has(uri)) continue;
        current.add(uri);
        ask('subscribe', uri);
      }
    },
  };
}

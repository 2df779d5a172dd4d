// The upstreams of all servers of the process. They outlive plans: a reload that leaves an upstream as it was finds it
// connected, and one that nobody uses any more is closed.
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Upstream as UpstreamConfig } from '../definition/schema/upstream.ts';
import type { Egress } from '../egress/egress.ts';
import type { Log } from '../telemetry/log.ts';
import { createEndpoint } from './http/endpoint.ts';
import { createUpstreamOAuth, type OAuthDeps, type UpstreamOAuth } from './oauth/upstream-oauth.ts';
import type { Pins } from './pins/pins.ts';
import type { Place } from './session/dial.ts';
import type { ClientIdentity } from './session/session.ts';
import type { OpenProcess } from './stdio/hosted-link.ts';
import type { ProcessOwner } from './stdio/hosted-messages.ts';
import { Upstream } from './upstream.ts';
import type { UpstreamError } from './upstream-error.ts';
import type { UpstreamStatus } from './upstream-status.ts';

/** The definition that upstreams belong to. */
export interface UpstreamOwner {
  readonly slug: string;
  /** Relative working folders start here. */
  readonly baseDirectory: string;
  readonly trusted: boolean;
}

/** One upstream of a plan. */
export interface HeldUpstream {
  readonly name: string;
  readonly config: UpstreamConfig;
  readonly upstream: Upstream;
}

/** The upstreams of one plan of one server. */
export interface HeldUpstreams {
  readonly all: readonly HeldUpstream[];
  get(name: string): HeldUpstream | undefined;
  /**
   * Waits until each has been tried, within bounds. Resolves with those that could not be reached and whose
   * `failure` is `fail`.
   */
  settled(): Promise<readonly { readonly name: string; readonly error: UpstreamError | undefined }[]>;
  /** Whether one of them is stale now; another value than before whenever any of them has changed. */
  stateVersion(): number;
  release(): Promise<void>;
}

/** All of them; plans hold what they use. */
export interface Upstreams {
  /** Opens what is not open yet. Throws EgressError for an address that is none. */
  hold(owner: UpstreamOwner, configs: Readonly<Record<string, UpstreamConfig>>): HeldUpstreams;
  statuses(): readonly UpstreamStatus[];
  find(server: string, name: string): Upstream | undefined;
  /** Told when what an upstream offers has changed. Returns the way to stop. */
  onChange(listener: () => void): () => void;
  close(): Promise<void>;
}

export interface UpstreamsDeps {
  readonly egress: Egress;
  readonly pins: Pins;
  readonly oauth: OAuthDeps;
  readonly client: ClientIdentity;
  readonly clock: Clock;
  readonly log: Log;
  /** Opens processes that the primary runs for all workers. Absent: this process starts its own. */
  readonly openProcess?: ((owner: ProcessOwner) => OpenProcess) | undefined;
}

/** A start waits so long for an upstream that may be skipped; what comes later is told to clients as a change. */
const START_WAIT_MS = 3000;

interface Open {
  readonly key: string;
  readonly upstream: Upstream;
  /** Resolves when the first attempt to connect has ended, with what went wrong. */
  readonly tried: Promise<UpstreamError | undefined>;
  /** Monotonic milliseconds. */
  readonly openedAt: number;
  users: number;
}

/** One per process. */
export function createUpstreams(deps: UpstreamsDeps): Upstreams {
  const listeners = new Set<() => void>();
  const pool = createPool(deps, () => {
    for (const listener of listeners) listener();
  });
  const stopWatching = deps.pins.watch(() => {
    for (const upstream of pool.all())
      upstream.rejudge().catch((error: unknown) => {
        deps.log.warn({ err: error }, 'Approvals of upstream tools could not be read.');
      });
  });
  const stopListening = deps.oauth.records.watch(() => {
    for (const upstream of pool.all()) upstream.grantsChanged();
  });
  return {
    find: (server, name) =>
      pool.all().find((one) => {
        const status = one.status();
        return status.server === server && status.name === name;
      }),
    hold(owner, configs) {
      const all = Object.entries(configs).map(([name, config]) => {
        const open = pool.acquire(owner, name, config);
        return { name, config, open, upstream: open.upstream };
      });
      return {
        all,
        get: (name) => all.find((held) => held.name === name),
        settled: async () => (await Promise.all(all.map((held) => settle(held, deps.clock)))).flat(),
        stateVersion: pool.stateVersion,
        async release() {
          await Promise.all(all.map(({ open }) => pool.giveBack(open)));
        },
      };
    },
    statuses: () => pool.all().map((upstream) => upstream.status()),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      stopWatching();
      stopListening();
      await pool.close();
    },
  };
}

/** The upstreams that somebody uses, each once. */
function createPool(deps: UpstreamsDeps, changed: () => void) {
  const open = new Map<string, Open>();
  const closing = new Set<Promise<void>>();
  let stateVersion = 0;
  const stateChanged = () => {
    stateVersion += 1;
  };
  return {
    all: () => [...open.values()].map(({ upstream }) => upstream),
    stateVersion: () => stateVersion,
    acquire(owner: UpstreamOwner, name: string, config: UpstreamConfig): Open {
      const key = keyOf(owner, name, config);
      const known = open.get(key);
      if (known !== undefined) {
        known.users += 1;
        return known;
      }
      const upstream = createUpstream(deps, { owner, name, config, changed, stateChanged });
      const tried = upstream.start().then(() => upstream.settled());
      const made = { key, upstream, tried, openedAt: deps.clock.monotonic(), users: 1 };
      open.set(key, made);
      return made;
    },
    giveBack(held: Open): Promise<void> {
      held.users -= 1;
      if (held.users > 0) return Promise.resolve();
      open.delete(held.key);
      const closed = held.upstream.close().finally(() => closing.delete(closed));
      closing.add(closed);
      return closed;
    },
    async close(): Promise<void> {
      await Promise.all([...[...open.values()].map(({ upstream }) => upstream.close()), ...closing]);
      open.clear();
    },
  };
}

function createUpstream(
  { pins, oauth: oauthDeps, client, clock, log, egress, openProcess }: UpstreamsDeps,
  made: {
    readonly owner: UpstreamOwner;
    readonly name: string;
    readonly config: UpstreamConfig;
    readonly changed: () => void;
    readonly stateChanged: () => void;
  },
): Upstream {
  const { owner, name, config, changed, stateChanged } = made;
  const open = openProcess?.({ server: owner.slug, upstream: name });
  const plain = placeOf(owner, config, { egress, openProcess: open });
  const oauth = oauthOf({ owner, name, config, place: plain }, oauthDeps);
  return new Upstream({
    server: owner.slug,
    name,
    place:
      plain.kind === 'http' && oauth !== undefined ? { ...plain, endpointFor: oauth.endpointFor } : plain,
    oauth,
    client,
    timeoutMs: config.timeout,
    roots: config.roots,
    breaker: config.breaker,
    pins: config.pin ? pins : undefined,
    clock,
    log: log.child({ server: owner.slug, upstream: name }),
    changed,
    stateChanged,
  });
}

function oauthOf(
  made: {
    readonly owner: UpstreamOwner;
    readonly name: string;
    readonly config: UpstreamConfig;
    readonly place: Place;
  },
  deps: OAuthDeps,
): UpstreamOAuth | undefined {
  const { owner, name, config, place } = made;
  if (config.oauth === undefined || place.kind !== 'http') return undefined;
  const { endpoint } = place;
  const resource = { url: endpoint.url, trusted: owner.trusted };
  return createUpstreamOAuth(
    { place: `${owner.slug}/${name}`, endpoint, resource, config: config.oauth },
    deps,
  );
}

/** Empty where the upstream is there, or may be missing. */
async function settle(
  { name, config, open }: { readonly name: string; readonly config: UpstreamConfig; readonly open: Open },
  clock: Clock,
): Promise<readonly { readonly name: string; readonly error: UpstreamError | undefined }[]> {
  const mustBeThere = config.failure === 'fail';
  // Since it was opened: a reload does not wait once more for one that the start has waited for.
  const waitMs = (mustBeThere ? config.timeout : START_WAIT_MS) - (clock.monotonic() - open.openedAt);
  const outcome = await within(open.tried, Math.max(0, waitMs), clock);
  // One that was there before is only lost for now.
  if (!mustBeThere || outcome === undefined || open.upstream.wasReached) return [];
  return [{ name, error: outcome === 'late' ? undefined : outcome }];
}

/** Everything that decides where the upstream is and how it is judged; what only shapes its tools may differ. */
function keyOf(
  { slug, baseDirectory, trusted }: UpstreamOwner,
  name: string,
  config: UpstreamConfig,
): string {
  const { command, args, env, cwd, url, headers, transport, oauth, pin, timeout, roots, breaker } = config;
  const parts = [slug, name, trusted, baseDirectory, { command, args, env, cwd, url, headers, transport }];
  return createHash('sha256')
    .update(JSON.stringify([...parts, oauth, pin, timeout, roots, breaker]))
    .digest('hex');
}

function placeOf(
  { baseDirectory, trusted }: UpstreamOwner,
  config: UpstreamConfig,
  { egress, openProcess }: { readonly egress: Egress; readonly openProcess: OpenProcess | undefined },
): Place {
  const { command, args, env, cwd, url, headers, transport } = config;
  if (command !== undefined) {
    const folder = resolve(baseDirectory, cwd ?? '.');
    return { kind: 'stdio', command: { command, args, env, cwd: folder }, openProcess };
  }
  return { kind: 'http', transport, endpoint: createEndpoint({ egress, url: url ?? '', headers, trusted }) };
}

function within<Value>(work: Promise<Value>, waitMs: number, clock: Clock): Promise<Value | 'late'> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(waitMs, () => resolve('late'), { keepsAlive: true });
    work.then(resolve, reject).finally(cancel);
  });
}

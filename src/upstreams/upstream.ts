// One upstream of one server: connected, its lists known and judged, its calls bounded. What it does wrong ends here.
import type { Clock } from '../clock.ts';
import { type HeaderParameter, headerParametersOf } from '../definition/header-parameters.ts';
import type { Log } from '../telemetry/log.ts';
import type { JsonObject } from '../tool.ts';
import { type Breaker, createBreaker } from './breaker.ts';
import { type Listing, NOTHING, readListing, type UpstreamTool } from './catalogue.ts';
import { Connection } from './connection.ts';
import type { UpstreamOAuth } from './oauth/upstream-oauth.ts';
import type { PinState, Pins } from './pins/pins.ts';
import { createRefresher, type Refresher } from './refresher.ts';
import { createDialer, type Place } from './session/dial.ts';
import type { ClientIdentity, Session } from './session/session.ts';
import { createSlots, REQUESTS_MAX, type Slots } from './slots.ts';
import { callerKey, isDeadline, type UpstreamCall } from './upstream-call.ts';
import { toUpstreamError, UpstreamError } from './upstream-error.ts';
import { peerOf, type UpstreamPeer } from './upstream-peer.ts';
import type { Catalogue, UpstreamStatus } from './upstream-status.ts';

export interface UpstreamOptions {
  /** Slug of the server. */
  readonly server: string;
  readonly name: string;
  readonly place: Place;
  /** Where each caller authorizes us. */
  readonly oauth?: UpstreamOAuth | undefined;
  readonly client: ClientIdentity;
  /** Of connecting and of each page of a list. */
  readonly timeoutMs: number;
  /** Whether it may ask callers' clients for their roots. */
  readonly roots: boolean;
  readonly breaker: { readonly failures: number; readonly cooldown: number };
  /** Absent: every definition is taken as it comes. */
  readonly pins?: Pins | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** What it offers has changed: plans that were made of it are out of date. */
  readonly changed: () => void;
  /** Whether it can be reached has changed. */
  readonly stateChanged: () => void;
}

/** Lives from `start` to `close`, over many plans. */
export class Upstream {
  readonly #options: UpstreamOptions;
  readonly #connection: Connection;
  readonly #breaker: Breaker;
  readonly #slots: Slots;
  readonly #refresher: Refresher;
  readonly #watched = new Map<string, Set<() => void>>();
  #listing: Listing = NOTHING;
  #catalogue: Catalogue = NO_CATALOGUE;
  #parameters = new Map<string, readonly HeaderParameter[]>();
  #judging: Promise<unknown> = Promise.resolve();
  #asks = false;
  #wasReached = false;

  constructor(options: UpstreamOptions) {
    const { place, client, timeoutMs, roots, clock, log } = options;
    this.#options = options;
    const headerParameters = (tool: string) => this.#parameters.get(tool) ?? [];
    this.#connection = new Connection({
      dialer: createDialer({ place, client, timeoutMs, roots, clock, log, headerParameters }),
      clock,
      log,
      perCaller: options.oauth !== undefined,
      events: {
        connected: (session) => this.#connected(session),
        stateChanged: options.stateChanged,
        changed: () => this.#refresher.hint(),
        resourceUpdated: (uri) => {
          for (const told of this.#watched.get(uri) ?? []) told();
        },
        ambiguousQuestion: () => {
          this.#asks = true;
        },
      },
    });
    this.#breaker = createBreaker({
      failures: options.breaker.failures,
      cooldownMs: options.breaker.cooldown,
      clock,
      opened: () => this.#opened(),
    });
    this.#slots = createSlots(REQUESTS_MAX[place.kind]);
    this.#refresher = createRefresher({ clock, refresh: () => this.#refresh() });
  }

  /** Begins to connect; what was approved earlier is offered meanwhile. */
  async start(): Promise<void> {
    const { pins, server, name, log } = this.#options;
    let known: readonly UpstreamTool[] = [];
    try {
      known = (await pins?.approved({ server, upstream: name })) ?? [];
    } catch (error) {
      // Nothing is offered that could not be judged: the connection stands when the store can be asked again.
      log.error({ err: error }, 'What was approved of an upstream cannot be read.');
    }
    this.#take({ ...NOTHING, tools: known }, new Map(known.map((tool) => [tool.name, 'approved'])));
    this.#connection.start();
    this.#refresher.start();
  }

  /** Resolves when the first attempt to connect has ended, with what went wrong. */
  settled(): Promise<UpstreamError | undefined> {
    return this.#connection.settled();
  }

  /** The last known one; what was approved where the upstream was not reached yet. */
  get catalogue(): Catalogue {
    return this.#catalogue;
  }

  /** Whether this process has read its lists at least once. */
  get wasReached(): boolean {
    return this.#wasReached;
  }

  /** True while nothing can be said of whether the catalogue still holds. */
  get isStale(): boolean {
    return this.#connection.state !== 'up' || this.#breaker.state === 'open';
  }

  status(): UpstreamStatus {
    const { server, name } = this.#options;
    const { state, control, lastError, restarts } = this.#connection;
    return {
      server,
      name,
      state,
      breaker: this.#breaker.state,
      ...(control === undefined ? {} : { era: control.era, revision: control.revision }),
      reconnects: restarts,
      ...this.#slots.stats(),
      ...(lastError === undefined ? {} : { lastError: lastError.message }),
      catalogue: this.#catalogue,
    };
  }

  /** Runs one request for one caller, and never leaves it without an end. Rejects with UpstreamError. */
  async call(call: UpstreamCall): Promise<JsonObject> {
    this.#assertOffered(call);
    this.#breaker.admit();
    try {
      const result = await this.#callOnce(call).catch((error: unknown) => {
        // The upstream has not looked at a request of a session that it does not know: it is safe to send again.
        if (!(error instanceof UpstreamError) || error.reason !== 'session') throw error;
        // It was begun anew, and with it what we last knew of its lists.
        this.#refresher.hint();
        return this.#callOnce(call);
      });
      this.#breaker.succeeded();
      return result;
    } catch (error) {
      const failure = toUpstreamError(error);
      if (failure.isFailure || isDeadline(failure)) this.#breaker.failed();
      else if (failure.reason === 'answered') this.#breaker.succeeded();
      else this.#breaker.undecided();
      throw failure;
    }
  }

  /** Tells when the content of a resource has changed. Returns the way to stop. */
  watch(uri: string, changed: () => void): () => void {
    const listeners = this.#watched.get(uri) ?? new Set();
    const own = () => changed();
    this.#watched.set(uri, listeners.add(own));
    if (listeners.size === 1) this.#listen();
    return () => {
      listeners.delete(own);
      if (listeners.size > 0 || this.#watched.get(uri) !== listeners) return;
      this.#watched.delete(uri);
      this.#listen();
    };
  }

  /** Whom it speaks to, as far as that is known now. */
  get peer(): UpstreamPeer {
    return peerOf(this.#options, this.#connection.control?.revision);
  }

  get oauth(): UpstreamOAuth | undefined {
    return this.#options.oauth;
  }

  /** Somebody has authorized us, or no longer does. */
  grantsChanged(): void {
    if (this.oauth === undefined) return;
    this.oauth.forget();
    if (this.#connection.state === 'down') this.#connection.reset(0);
  }

  /** Judges the last list anew, after somebody has approved something. */
  async rejudge(): Promise<void> {
    await this.#judge(() => this.#listing);
  }

  async close(): Promise<void> {
    this.#refresher.stop();
    await this.#connection.close();
  }

  async #callOnce(call: UpstreamCall): Promise<JsonObject> {
    const canAsk = call.ears?.ask !== undefined;
    const alone = canAsk && this.#asks && this.#connection.control?.isShared === true;
    const release = await this.#slots.acquire({ alone, signal: call.signal });
    try {
      return await this.#connection.use(callerKey(call.principal), (session) => {
        // Once more: who waited for the connection has waited for its lists too, and they may hold something else.
        this.#assertOffered(call);
        return session.request(call);
      });
    } finally {
      release();
    }
  }

  /** The definition that a caller saw must be the one that runs. */
  #assertOffered({ method, params }: UpstreamCall): void {
    if (method !== 'tools/call') return;
    const found = this.#catalogue.tools.find(({ tool }) => tool.name === params.name);
    if (found === undefined) throw new UpstreamError('unknown', 'The upstream offers no tool of this name.');
    if (found.state !== 'approved')
      throw new UpstreamError(
        'withheld',
        'The definition of the tool at the upstream has changed and waits for approval.',
      );
  }

  /** An upstream that is there and does not answer is begun anew; meanwhile nothing goes to it. */
  #opened(): void {
    const { log, breaker, stateChanged } = this.#options;
    log.warn({ cooldown_ms: breaker.cooldown }, 'An upstream failed too often and is left alone.');
    stateChanged();
    this.#connection.reset(breaker.cooldown);
  }

  async #connected(session: Session): Promise<void> {
    const listing = await readListing(session, this.#options.timeoutMs);
    await this.#judge(() => listing);
    this.#wasReached = true;
    this.#listen();
  }

  async #refresh(): Promise<boolean> {
    const read = (session: Session) => readListing(session, this.#options.timeoutMs);
    const listing = await this.#connection.useControl(read);
    return this.#judge(() => listing);
  }

  /** True when what is offered has changed. One after the other, so that none overtakes a newer list. */
  #judge(listingNow: () => Listing): Promise<boolean> {
    const { pins, server, name } = this.#options;
    const judged = this.#judging.then(async () => {
      const listing = listingNow();
      const states =
        pins === undefined
          ? new Map(listing.tools.map((tool) => [tool.name, 'approved'] as const))
          : await pins.judge({ server, upstream: name }, listing.tools);
      return this.#take(listing, states);
    });
    // Whoever asked for it hears of its failure; the next one is not concerned.
    this.#judging = judged.catch(() => undefined);
    return judged;
  }

  #take(listing: Listing, states: ReadonlyMap<string, PinState>): boolean {
    this.#listing = listing;
    const tools = listing.tools.map((tool) => ({ tool, state: states.get(tool.name) ?? ('new' as const) }));
    const next: Catalogue = { ...listing, tools };
    // Own JSON of own objects: equal texts are equal catalogues, and unequal ones cost a plan at most.
    if (JSON.stringify(next) === JSON.stringify(this.#catalogue)) return false;
    this.#catalogue = next;
    this.#parameters = new Map(
      listing.tools.map((tool) => [tool.name, headerParametersOf(tool.inputSchema)] as const),
    );
    this.#report(next);
    this.#options.changed();
    return true;
  }

  #report({ tools, problems }: Catalogue): void {
    const { log } = this.#options;
    const withheld = tools.filter(({ state }) => state !== 'approved').map(({ tool }) => tool.name);
    if (withheld.length > 0)
      log.warn(
        { tools: withheld.slice(0, 20) },
        'Tools of an upstream are withheld until they are approved: see `quayside upstreams list`.',
      );
    if (problems.length > 0)
      log.warn({ problems: problems.slice(0, 20) }, 'An upstream lists what cannot be offered.');
  }

  #listen(): void {
    this.#connection.control?.listen([...this.#watched.keys()]);
  }
}

const NO_CATALOGUE: Catalogue = { ...NOTHING, tools: [] };

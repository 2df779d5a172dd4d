// The keys of one issuer over time: fetched, kept, fetched again when they roll over, used on while it is down.
import type { TokenAlgorithm } from '../../../definition/schema/tokens.ts';
import type { Log } from '../../../telemetry/log.ts';
import { selectKey, type VerificationKey } from './public-keys.ts';

/** Times of spec governance §3. */
const FRESH_MS = 10 * 60_000;
const USABLE_MS = 24 * 60 * 60_000;
/** An unknown key id fetches the keys again, but no stream of invented ids makes us a burden to the issuer. */
const UNKNOWN_KEY_INTERVAL_MS = 30_000;
/** After a failure with older keys at hand. */
const RETRY_MS = 30_000;
/** After a failure with nothing at hand: both may have been started together, and every caller waits for it. */
const FIRST_RETRY_MS = 2000;

/** Where the keys of one issuer come from. */
export interface KeySource {
  /** The key for a token's header. `unavailable`: there are no keys to look among. */
  find(kid: string | undefined, algorithm: TokenAlgorithm): Promise<FoundKey | 'unknown' | 'unavailable'>;
  /** Whether a key found before still stands. Asked for each request, so it never waits; starts a fetch when due. */
  stands(key: FoundKey): boolean;
  /** Starts a fetch when one is due; asked now and then, so that an idle process notices what is wrong, too. */
  refresh(): void;
  /** What is wrong now, or undefined: for health. */
  problem(): string | undefined;
}

/** A key, and the fetch that it was last seen in. */
export interface FoundKey {
  readonly material: VerificationKey['material'];
  readonly kid: string | undefined;
  /** Moved on by {@link KeySource.stands}, so that the key is looked for once per fetch. */
  generation: number;
}

export interface KeySourceOptions {
  /** The issuer, for the log and health. */
  readonly name: string;
  readonly load: () => Promise<readonly VerificationKey[]>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Log;
}

/** Fetches nothing before the first `find`. */
export function createKeySource(options: KeySourceOptions): KeySource {
  return new RemoteKeys(options);
}

class RemoteKeys implements KeySource {
  readonly #options: KeySourceOptions;
  #keys: readonly VerificationKey[] = [];
  #generation = 0;
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #failedAt = Number.NEGATIVE_INFINITY;
  #unknownAt = Number.NEGATIVE_INFINITY;
  #failure: string | undefined;
  #fetching: Promise<void> | undefined;

  constructor(options: KeySourceOptions) {
    this.#options = options;
  }

  async find(
    kid: string | undefined,
    algorithm: TokenAlgorithm,
  ): Promise<FoundKey | 'unknown' | 'unavailable'> {
    if (this.#isDue()) await this.#fetch();
    if (!this.#isUsable()) return 'unavailable';
    const key = selectKey(this.#keys, kid, algorithm) ?? (await this.#lookAgain(kid, algorithm));
    if (key === undefined) return 'unknown';
    return { material: key.material, kid: key.kid, generation: this.#generation };
  }

  stands(key: FoundKey): boolean {
    this.refresh();
    if (!this.#isUsable()) return false;
    if (key.generation === this.#generation) return true;
    if (!this.#keys.some(({ kid, material }) => kid === key.kid && material.equals(key.material)))
      return false;
    key.generation = this.#generation;
    return true;
  }

  refresh(): void {
    if (this.#isDue()) void this.#fetch();
  }

  problem(): string | undefined {
    if (this.#failure === undefined) return undefined;
    if (this.#isUsable()) {
      const age = Math.round((this.#options.now() - this.#fetchedAt) / 60_000);
      return `The keys of ${this.#options.name} are ${age} min old: ${this.#failure}`;
    }
    return `There are no keys of ${this.#options.name}: ${this.#failure}`;
  }

  async #lookAgain(kid: string | undefined, algorithm: TokenAlgorithm): Promise<VerificationKey | undefined> {
    const now = this.#options.now();
    if (this.#fetching === undefined) {
      if (now - this.#unknownAt < UNKNOWN_KEY_INTERVAL_MS) return undefined;
      this.#unknownAt = now;
    }
    await this.#fetch();
    return selectKey(this.#keys, kid, algorithm);
  }

  #isUsable(): boolean {
    return this.#options.now() - this.#fetchedAt < USABLE_MS;
  }

  #isDue(): boolean {
    const now = this.#options.now();
    if (now - this.#fetchedAt < FRESH_MS) return false;
    return now - this.#failedAt >= (this.#isUsable() ? RETRY_MS : FIRST_RETRY_MS);
  }

  /** One at a time: whoever comes while a fetch runs gets that one. Never rejects; a failure keeps the keys. */
  #fetch(): Promise<void> {
    this.#fetching ??= this.#load().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #load(): Promise<void> {
    const { name, load, now, log } = this.#options;
    try {
      this.#keys = await load();
      this.#generation++;
      this.#fetchedAt = now();
      if (this.#failure !== undefined)
        log.info({ issuer: name }, 'The keys of an issuer were fetched again.');
      this.#failure = undefined;
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      // Once per trouble: it is tried again all the time.
      if (failure !== this.#failure)
        log.warn({ issuer: name, detail: failure }, 'The keys of an issuer were not fetched.');
      this.#failedAt = now();
      this.#failure = failure;
    }
  }
}

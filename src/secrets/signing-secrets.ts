// Secrets that sign, while they change: what is made is made with one, what the ones before made is taken for a time.

/** One of them. The object stands for the text, so that what is derived from it is derived once. */
export interface SigningSecret {
  readonly value: string;
}

/** Asked anew for each use: what they answer changes with time and with a rotation. */
export interface SigningSecrets {
  /** Signs from now on. */
  current(): SigningSecret;
  /** All whose signatures count, the newest first; among them {@link SigningSecrets.current}. */
  accepted(): readonly SigningSecret[];
}

/** The newest secret, and those that it replaces. */
export interface SigningRing {
  readonly newest: SigningSecret;
  /**
   * Epoch milliseconds. Before it the one that was replaced signs: every process must know the newest when the first
   * one signs with it.
   */
  readonly since: number;
  /** The newest first. */
  readonly previous: readonly PreviousSecret[];
}

/** Its signatures count until then. */
export interface PreviousSecret extends SigningSecret {
  /** Epoch milliseconds. */
  readonly until: number;
}

/** `ring` is asked each time, because a rotation replaces it. */
export function signingSecrets(ring: () => SigningRing, now: () => number): SigningSecrets {
  return {
    current() {
      const { newest, since, previous } = ring();
      const [before] = previous;
      return before !== undefined && now() < since ? before : newest;
    },
    accepted() {
      const { newest, previous } = ring();
      if (previous.length === 0) return [newest];
      const time = now();
      return [newest, ...previous.filter(({ until }) => time < until)];
    },
  };
}

/** One that never changes, as where nothing outlives the process. */
export function fixedSecret(value: string): SigningSecrets {
  const ring = { newest: { value }, since: 0, previous: [] };
  return signingSecrets(() => ring, Date.now);
}

/** What is derived from a secret, made once for each and forgotten with it. */
export function derivedOf<Derived>(derive: (value: string) => Derived): (secret: SigningSecret) => Derived {
  const known = new WeakMap<SigningSecret, { readonly derived: Derived }>();
  return (secret) => {
    const found = known.get(secret) ?? { derived: derive(secret.value) };
    known.set(secret, found);
    return found.derived;
  };
}

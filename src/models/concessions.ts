// Endpoints that call themselves compatible refuse some members of a request. What one refuses is learned from its
// refusal and not sent to it again.

/** A member of the request that the endpoint does not want. */
export type Concession = 'max_tokens' | 'temperature' | 'stream_options' | 'stream';

const UNSUPPORTED =
  /unsupported|not supported|(?:does not|doesn't) support|only the default|unrecogni[sz]ed|unknown|unexpected|not permitted|extra inputs/i;

interface Rule {
  readonly concession: Concession;
  readonly isMeant: (said: string) => boolean;
}

/** In this order, because a refusal of `stream_options` may speak of `stream` as well. */
const RULES: readonly Rule[] = [
  // Newer models name the other member; a limit that is merely too high does not.
  { concession: 'max_tokens', isMeant: (said) => /\bmax_completion_tokens\b/.test(said) },
  { concession: 'stream_options', isMeant: (said) => /\bstream_options\b/.test(said) },
  { concession: 'temperature', isMeant: (said) => /\btemperature\b/.test(said) && UNSUPPORTED.test(said) },
  { concession: 'stream', isMeant: (said) => /\bstream(?:ing)?\b/i.test(said) && UNSUPPORTED.test(said) },
];

/** The concession that a refusal asks for and that was not made yet; each is made once, so asking again ends. */
export function concessionFor(said: string, made: ReadonlySet<Concession>): Concession | undefined {
  return RULES.find(({ concession, isMeant }) => !made.has(concession) && isMeant(said))?.concession;
}

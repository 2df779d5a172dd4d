// How tokens come through the credential stage: admitted, refused, and told where to get one.
import type { Definition } from '../../../definition/schema/definition.ts';
import { QuaysideError } from '../../../errors.ts';
import type { Principal } from '../../../tool.ts';
import type { GateEvents } from '../../events.ts';
import type { Exchange, PreparedRequestStage } from '../../stage.ts';
import { unauthenticated } from '../unauthenticated.ts';
import { metadataUrl, withChallenge } from './challenge.ts';
import type { TokenFailure } from './token-issuer.ts';
import type { TokenTable } from './token-table.ts';

/** What the credential stage needs to accept tokens. */
export interface TokenDeps {
  /** Undefined where a definition trusts no issuer. */
  tableFor(definition: Definition): TokenTable | undefined;
  /** `QUAYSIDE_PUBLIC_URL`. */
  readonly publicUrl: string | undefined;
}

/** Lets in whom the table found, at once or when the token was judged. */
export function admitToken(
  exchange: Exchange,
  found: ReturnType<TokenTable['find']>,
  header: string,
  events: GateEvents,
): QuaysideError | undefined | Promise<QuaysideError | undefined> {
  if (found instanceof Promise) return found.then((settled) => settle(exchange, settled, header, events));
  return settle(exchange, found, header, events);
}

function settle(
  exchange: Exchange,
  found: Principal | TokenFailure,
  header: string,
  events: GateEvents,
): QuaysideError | undefined {
  if (typeof found !== 'string') {
    exchange.principal = found;
    events.authenticated('token', 'success');
    return undefined;
  }
  events.authenticated('token', found);
  if (found === 'unavailable') return new QuaysideError('issuer_unavailable', { headers: RETRY });
  return unauthenticated(found, header);
}

/** As soon as the keys may be asked for again. */
const RETRY = { 'retry-after': '2' } as const;

/**
 * The stage with its 401 naming the metadata where there is an issuer to get a token from (ruling "Challenges"), and
 * with an eye on callers whose token has ended.
 */
export function withTokens(
  deps: TokenDeps | undefined,
  tokens: TokenTable | undefined,
  stage: PreparedRequestStage,
): PreparedRequestStage {
  const watched: PreparedRequestStage = {
    ...stage,
    holds(caller) {
      if (caller.principal.type === 'token') return tokens?.holds(caller.principal) ?? false;
      return stage.holds?.(caller) ?? true;
    },
  };
  if (deps === undefined || tokens === undefined || !tokens.hasIssuers) return watched;
  const challenge = (exchange: Exchange, refusal: QuaysideError | undefined) =>
    refusal === undefined ? undefined : withChallenge(refusal, metadataUrl(exchange, deps.publicUrl));
  return {
    ...watched,
    enter(exchange) {
      const entered = stage.enter(exchange);
      if (entered === undefined) return undefined;
      if (!(entered instanceof Promise)) return challenge(exchange, entered);
      return entered.then((refusal) => challenge(exchange, refusal));
    },
  };
}

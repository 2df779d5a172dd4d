// The last word on a definition before it is compiled: the environment over the file, and no key in clear.
import type { LoadedDefinition } from '../definition/load.ts';
import type { Definition } from '../definition/schema/definition.ts';
import { sha256Hex } from '../gate/credential/key-hash.ts';
import type { AppSettings } from './settings.ts';
import { withTokenSettings } from './token-settings.ts';

/**
 * The definition as it is served: with `MAX_REQUEST_SIZE`, `REQUEST_TIMEOUT`, `RATE_LIMIT_*` and issuers of tokens where they are set,
 * and with hashes in place of plain API keys, so that no dump of the configuration can hold one.
 */
export function withOverrides(loaded: LoadedDefinition, settings: AppSettings): LoadedDefinition {
  const { maxRequestSize, requestTimeoutMs, jwtSecret } = settings.environment;
  const { definition } = loaded;
  const { security, limits } = definition;
  const authentication = withTokenSettings(security.authentication, settings);
  return {
    ...loaded,
    secretValues: [...loaded.secretValues, ...(jwtSecret === undefined ? [] : [jwtSecret])],
    definition: {
      ...definition,
      limits: {
        ...limits,
        ...(maxRequestSize === undefined ? {} : { maxRequestSize }),
        ...(requestTimeoutMs === undefined ? {} : { requestTimeout: requestTimeoutMs }),
      },
      security: {
        ...security,
        ...(authentication === undefined ? {} : { authentication: withHashedKeys(authentication) }),
        rateLimit: withRateSettings(security.rateLimit, settings),
      },
    },
  };
}

type Security = Definition['security'];
type Authentication = NonNullable<Security['authentication']>;

function withHashedKeys(authentication: Authentication): Authentication {
  return {
    ...authentication,
    apiKeys: authentication.apiKeys.map(({ key, ...rest }) =>
      key === undefined ? rest : { ...rest, keyHash: `sha256:${sha256Hex(key)}` },
    ),
  };
}

function withRateSettings(
  { global, ...rateLimit }: Security['rateLimit'],
  settings: AppSettings,
): Security['rateLimit'] {
  const { rateLimitEnabled, rateLimitDefault, rateLimitWindowMs } = settings.environment;
  const window = rateLimitDefault?.windowMs ?? rateLimitWindowMs;
  // `global` is another name of the default limit, so what replaces the one replaces the other.
  const keepsGlobal = global !== undefined && rateLimitDefault === undefined && window === undefined;
  return {
    ...rateLimit,
    ...(keepsGlobal ? { global } : {}),
    ...(rateLimitEnabled === undefined ? {} : { enabled: rateLimitEnabled }),
    ...(rateLimitDefault === undefined ? {} : { maxRequests: rateLimitDefault.maxRequests }),
    ...(window === undefined ? {} : { window }),
  };
}

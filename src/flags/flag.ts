// What a feature flag is, and whom it is asked for; evaluate.ts decides.
import type { FlagDeclaration } from '../definition/schema/flags.ts';
import type { Operation, Principal } from '../tool.ts';

/** A flag under its key. */
export interface Flag extends FlagDeclaration {
  readonly key: string;
  /** Who said so last: the product, a definition, or somebody at run time. */
  readonly source: 'shipped' | 'definition' | 'stored';
  /** Epoch milliseconds and who it was; only of stored ones. */
  readonly updated?: { readonly at: number; readonly by: string };
}

/** What a flag has of which nothing was said. */
export const EMPTY_FLAG: Omit<Flag, 'key' | 'source'> = {
  type: 'release',
  description: '',
  enabled: true,
  percentOf: 'user',
  tenants: [],
  users: [],
  keys: [],
  environments: [],
  default: false,
};

/** Whom a flag is asked for. */
export interface FlagSubject {
  readonly tenantId: string;
  /** The tenant's other name. */
  readonly tenantSlug?: string;
  /** The person, where one is known. */
  readonly userId?: string;
  /** The API key, where one was used. */
  readonly keyId?: string;
  readonly keyName?: string;
}

/** Why a flag has its value, in the words of OpenFeature. */
export type FlagReason = 'DISABLED' | 'TARGETING_MATCH' | 'SPLIT' | 'DEFAULT';

export interface FlagValue {
  readonly value: boolean;
  readonly reason: FlagReason;
}

/** The subject of a call: the person that a trusted intermediary names, else the user behind the credential. */
export function subjectOf(
  principal: Principal,
  onBehalfOf: Operation['onBehalfOf'],
  tenantSlug: string | undefined,
): FlagSubject {
  const { type, id, name, tenantId } = principal;
  const userId = onBehalfOf ?? principal.userId ?? (type === 'token' ? id : undefined);
  return {
    tenantId,
    ...(tenantSlug === undefined ? {} : { tenantSlug }),
    ...(userId === undefined ? {} : { userId }),
    ...(type === 'key' ? { keyId: id, keyName: name } : {}),
  };
}

// Explains one tool for a caller that is named, not present; behind REST and the command line alike.
import type { Security } from '../../definition/schema/security.ts';
import { QuaysideError } from '../../errors.ts';
import type { Permission, Principal } from '../../tool.ts';
import type { Actor } from '../actor.ts';
import { createKeyTables } from '../credential/key-table.ts';
import type { StoredKey } from '../credential/stored-key.ts';
import type { GateServer } from '../stage.ts';
import { DEFAULT_TENANT } from '../tenant/tenant.ts';
import type { TenantDirectory } from '../tenant/tenant-directory.ts';
import { type Explanation, explain } from './explain.ts';

/** What an explanation looks into. */
export interface ExplainDeps {
  readonly tenants: Pick<TenantDirectory, 'find'>;
  readonly storedKeys: () => readonly StoredKey[];
  /** Undefined for a server that does not exist; `slug` undefined: the default server. */
  readonly server: (slug: string | undefined) => GateServer | undefined;
  /** What a tool demands, by its name or listed name; undefined for one that does not exist. */
  readonly permissionOf: (server: GateServer, tool: string) => Permission | undefined;
  /** `QUAYSIDE_IP_ALLOWLIST`. */
  readonly processAllowlist: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface ExplainQuestion {
  readonly tool: string;
  /** Id or name of a key, or `anonymous`. */
  readonly as: string;
  readonly server?: string;
  readonly address?: string;
}

/**
 * Throws `not_found` for a server, tool or key that does not exist, or whose tenant the actor does not have: of keys
 * of other tenants only the operator's tenant hears.
 */
export function explainCaller(deps: ExplainDeps, actor: Actor, question: ExplainQuestion): Explanation {
  const server = deps.server(question.server);
  if (server === undefined) throw missing(`There is no server ${question.server ?? ''}.`);
  const permission = deps.permissionOf(server, question.tool);
  if (permission === undefined) throw missing(`The server ${server.slug} has no tool ${question.tool}.`);
  const caller = callerOf(deps, server, question);
  const tenant = deps.tenants.find(caller.principal.tenantId);
  if (!mayAskAbout(deps, actor, caller.principal)) throw unknownKey(question.as);
  return explain({
    server,
    tool: question.tool,
    permission,
    ...caller,
    tenant,
    address: question.address,
    processAllowlist: deps.processAllowlist,
  });
}

interface NamedCaller {
  readonly principal: Principal;
  readonly usesDefaults: boolean;
  readonly refusal: ReturnType<ReturnType<typeof namedKey>['refusal']>;
}

function callerOf(deps: ExplainDeps, server: GateServer, question: ExplainQuestion): NamedCaller {
  const { security } = server.definition;
  const isOpen = !security.enabled || security.authentication?.enabled !== true;
  if (question.as === 'anonymous') {
    const isAdmitted = isOpen || security.authentication?.allowAnonymous === true;
    const permissions = isOpen ? ['*:*'] : security.permissions.anonymous;
    return {
      principal: anonymous(permissions),
      usesDefaults: isOpen,
      refusal: isAdmitted ? undefined : 'invalid',
    };
  }
  const key = namedKey(deps, security, question.as);
  const refusal = key.refusal(question.address ?? '', deps.now());
  const isAddressUnasked = refusal === 'address' && question.address === undefined;
  return { ...key, refusal: isAddressUnasked ? undefined : refusal };
}

function namedKey(deps: ExplainDeps, security: Security, name: string) {
  const table = createKeyTables({
    definitionKeys: security.authentication?.apiKeys ?? [],
    permissions: security.permissions,
    // Keys are looked up by name here, so no hash is ever compared.
    salt: '',
  })(deps.storedKeys());
  const key = table.named(name);
  if (key === undefined) throw unknownKey(name);
  return key;
}

function mayAskAbout({ tenants }: ExplainDeps, actor: Actor, principal: Principal): boolean {
  if (actor.tenants === undefined || actor.tenantId === DEFAULT_TENANT) return true;
  return principal.type !== 'key' || tenants.find(principal.tenantId)?.id === actor.tenantId;
}

function anonymous(permissions: readonly string[]): Principal {
  return {
    type: 'anonymous',
    id: 'anonymous',
    name: 'anonymous',
    tenantId: DEFAULT_TENANT,
    roles: [],
    permissions,
  };
}

function unknownKey(name: string): QuaysideError {
  return missing(`No key has the id or name ${name}.`);
}

function missing(message: string): QuaysideError {
  return new QuaysideError('not_found', { message });
}

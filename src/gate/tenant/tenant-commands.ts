// What can be done with tenants; behind REST and the command line alike.

import { randomUUID } from 'node:crypto';
import { QuaysideError } from '../../errors.ts';
import { type Step, type Store, StoreConflict } from '../../store/store.ts';
import type { JsonObject } from '../../tool.ts';
import { type Actor, audited } from '../actor.ts';
import { adminChange } from '../audit/admin-change.ts';
import type { AuditLog } from '../audit/audit.ts';
import { DEFAULT_TENANT, isFreeSlug, type Tenant } from './tenant.ts';
import type { TenantDirectory } from './tenant-directory.ts';
import { insertTenant, TENANTS_TOPIC, updateTenant } from './tenant-statements.ts';

export interface TenantCommandDeps {
  readonly store: Store;
  readonly tenants: Pick<TenantDirectory, 'find' | 'all' | 'refresh'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Absent: nothing is written down. */
  readonly audit?: AuditLog;
}

export interface TenantInput {
  readonly name?: string;
  /** null: none. */
  readonly contactEmail?: string | null;
  readonly isActive?: boolean;
  readonly settings?: JsonObject;
}

/**
 * The operator's tenant `default` sees and changes all tenants; any other sees those of its credential and changes
 * none. Times in ISO 8601.
 */
export interface TenantCommands {
  list(actor: Actor): Promise<readonly ShownTenant[]>;
  /** Throws `invalid_params`, `conflict` for a slug that is taken. */
  create(actor: Actor, slug: string, input: TenantInput): Promise<ShownTenant>;
  /** `name` is an id or slug. Throws `not_found`, `invalid_params`, `conflict`. */
  update(actor: Actor, name: string, input: TenantInput): Promise<ShownTenant>;
  /** Makes those that do not exist yet: definitions name tenants by slug. */
  ensure(slugs: readonly string[]): Promise<void>;
}

/** The columns of governance §5. */
export interface ShownTenant {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly contact_email: string | null;
  readonly is_active: boolean;
  readonly settings: JsonObject;
  readonly created_at: string;
  readonly updated_at: string;
}

const NAME_LENGTH_MAX = 255;
/** RFC 5321 §4.5.3.1.3: a path has at most 256 octets with its brackets. */
const EMAIL_LENGTH_MAX = 254;
/** Read into memory with its tenant on every process. */
const SETTINGS_LENGTH_MAX = 16_384;

/** The commands over one store. */
export function createTenantCommands(deps: TenantCommandDeps): TenantCommands {
  const { store, tenants, now } = deps;
  const write = async (step: Step): Promise<boolean> => {
    const [result] = await store.write('system', [step, store.announce(TENANTS_TOPIC)]);
    await tenants.refresh();
    return result?.changes === 1;
  };
  return {
    async list(actor) {
      await tenants.refresh();
      return tenants
        .all()
        .filter((tenant) => isVisible(actor, tenant))
        .map(presentTenant);
    },
    async create(actor, slug, input) {
      demandOperator(actor);
      if (!isFreeSlug(slug))
        throw invalid(
          'slug',
          'must be 1 to 63 lower-case letters, digits and inner hyphens, and no UUID, such as acme',
        );
      const values = { ...checked(input, slug), id: randomUUID(), slug, now: now() };
      const after = { slug, name: values.name, contact_email: values.contact_email };
      const change = adminChange(
        actor,
        { action: 'create', resourceType: 'tenant', resourceId: values.id },
        { after },
      );
      return audited(deps.audit, actor, change, async () => {
        const { is_active: _, ...inserted } = values;
        if (!(await write({ statement: insertTenant, values: inserted }))) throw taken(slug);
        return presentTenant(known(deps, slug));
      });
    },
    update: (actor, name, input) => update(deps, write, actor, name, input),
    async ensure(slugs) {
      for (const slug of new Set(slugs)) {
        if (tenants.find(slug) !== undefined || !isFreeSlug(slug)) continue;
        await write({
          statement: insertTenant,
          values: { id: randomUUID(), slug, name: slug, contact_email: null, settings: '{}', now: now() },
        });
      }
    },
  };
}

async function update(
  deps: TenantCommandDeps,
  write: (step: Step) => Promise<boolean>,
  actor: Actor,
  name: string,
  input: TenantInput,
): Promise<ShownTenant> {
  demandOperator(actor);
  await deps.tenants.refresh();
  const before = deps.tenants.find(name);
  if (before === undefined) throw new QuaysideError('not_found', { message: `There is no tenant ${name}.` });
  const values = checked(input, before.name, before);
  if (before.slug === DEFAULT_TENANT && values.is_active === 0)
    throw invalid('is_active', 'the tenant default is the operator’s own and stays active');
  const change = adminChange(
    actor,
    { action: 'update', resourceType: 'tenant', resourceId: before.id },
    { before: presentTenant(before), after: values },
  );
  // Of two changes within a millisecond the second must still be told from the first.
  const now = Math.max(deps.now(), before.updatedAt + 1);
  const step = {
    statement: updateTenant,
    values: { ...values, id: before.id, seen: before.updatedAt, now },
    expect: 1,
  };
  return audited(deps.audit, actor, change, async () => {
    await write(step).catch((error: unknown) => {
      if (!(error instanceof StoreConflict)) throw error;
      throw new QuaysideError('conflict', { message: 'The tenant was changed meanwhile.', cause: error });
    });
    return presentTenant(known(deps, before.id));
  });
}

function isVisible(actor: Actor, tenant: Tenant): boolean {
  return (
    actor.tenants === undefined || actor.tenantId === DEFAULT_TENANT || actor.tenants.includes(tenant.id)
  );
}

function demandOperator(actor: Actor): void {
  if (actor.tenantId === DEFAULT_TENANT) return;
  throw new QuaysideError('forbidden', {
    message: 'Tenants are made and changed from the tenant default only.',
  });
}

function checked(input: TenantInput, name: string, before?: Tenant) {
  const given = (input.name ?? name).trim();
  if (given === '' || given.length > NAME_LENGTH_MAX)
    throw invalid('name', `must have 1 to ${NAME_LENGTH_MAX} characters`);
  const email = input.contactEmail === undefined ? before?.contactEmail : (input.contactEmail ?? undefined);
  if (email !== undefined && (email.length > EMAIL_LENGTH_MAX || !/^[^\s@]+@[^\s@]+$/.test(email)))
    throw invalid('contact_email', 'must be an e-mail address');
  const settings = JSON.stringify(input.settings ?? before?.settings ?? {});
  if (settings.length > SETTINGS_LENGTH_MAX)
    throw invalid('settings', `must have at most ${SETTINGS_LENGTH_MAX} characters as JSON`);
  const isActive = input.isActive ?? before?.isActive ?? true;
  return { name: given, contact_email: email ?? null, is_active: isActive ? 1 : 0, settings };
}

function known({ tenants }: TenantCommandDeps, name: string): Tenant {
  const tenant = tenants.find(name);
  if (tenant === undefined) throw new Error(`the tenant ${name} was written and is not there`);
  return tenant;
}

function presentTenant(tenant: Tenant): ShownTenant {
  return {
    id: tenant.id,
    name: tenant.name,
    slug: tenant.slug,
    contact_email: tenant.contactEmail ?? null,
    is_active: tenant.isActive,
    settings: tenant.settings,
    created_at: new Date(tenant.createdAt).toISOString(),
    updated_at: new Date(tenant.updatedAt).toISOString(),
  };
}

function taken(slug: string): QuaysideError {
  return new QuaysideError('conflict', { message: `The slug ${slug} is taken.` });
}

function invalid(member: string, rule: string): QuaysideError {
  return new QuaysideError('invalid_params', { message: `${member}: ${rule}.`, data: { field: member } });
}

// What can be done with the keys of the store; behind REST and the command line alike.
import { QuaysideError } from '../../errors.ts';
import { type Step, type Store, StoreConflict } from '../../store/store.ts';
import { type Actor, audited } from '../actor.ts';
import type { AuditLog } from '../audit/audit.ts';
import { demandCeiling } from '../permission/ceiling.ts';
import type { TenantDirectory } from '../tenant/tenant-directory.ts';
import { generateKey, pepperedHash, sha256Hex } from './key-hash.ts';
import { invalid, type KeyInput, type KeyValues, toKeyValues } from './key-input.ts';
import { presentKey, type ShownKey } from './key-presenter.ts';
import * as sql from './key-statements.ts';
import { keyState, parseLimit, parseTexts } from './stored-key.ts';

export interface KeyCommandDeps {
  readonly store: Store;
  readonly tenants: Pick<TenantDirectory, 'find'>;
  /** `API_KEY_SALT`. */
  readonly salt: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Absent: nothing is written down. */
  readonly audit?: AuditLog;
  /** What a key without permissions and roles of its own is granted. */
  readonly defaults: () => readonly string[];
  /** Called after each change, so that this process need not wait for the announcement. */
  readonly changed?: () => Promise<void>;
}

/** A key that was just made, the only time it is known. */
export interface NewKey {
  readonly key: string;
  readonly shown: ShownKey;
}

/** Every command acts in `actor.tenantId`; a key of another tenant is `not_found`. */
export interface KeyCommands {
  list(actor: Actor): Promise<readonly ShownKey[]>;
  /** The keys of every tenant, for the operator at the command line only. */
  listEverywhere(): Promise<readonly ShownKey[]>;
  /** Where a key lives, for the operator at the command line, who names it by its id alone. */
  tenantOf(id: string): Promise<string | undefined>;
  get(actor: Actor, id: string): Promise<ShownKey>;
  /** Throws `invalid_params`, and `forbidden` for what goes beyond the actor's own rights. */
  create(actor: Actor, input: KeyInput): Promise<NewKey>;
  update(actor: Actor, id: string, input: KeyInput): Promise<ShownKey>;
  /** A new key with the same rights; the old one ends after `overlapDays` (0 to 90, 7 by default). */
  rotate(actor: Actor, id: string, overlapDays?: number): Promise<NewKey & { readonly previous: ShownKey }>;
  /** Switches a key off for good; that it is off already is no error. */
  revoke(actor: Actor, id: string): Promise<ShownKey>;
}

const DAY_MS = 24 * 60 * 60 * 1000;
export const OVERLAP_DAYS = 7;
export const OVERLAP_DAYS_MAX = 90;

const EMPTY: KeyValues = {
  name: '',
  permissions: undefined,
  roles: [],
  rateLimit: undefined,
  tier: undefined,
  enabled: true,
  expiresAt: undefined,
  notBefore: undefined,
  allowedIps: [],
  tenantIds: [],
};

/** The commands over one store. */
export function createKeyCommands(deps: KeyCommandDeps): KeyCommands {
  return {
    async list(actor) {
      const rows = await deps.store.read(scopeOf(actor), sql.listKeys, {});
      return rows.map((row) => present(deps, actor, row));
    },
    async listEverywhere() {
      const rows = await deps.store.read('system', sql.listAllKeys, {});
      return rows.map((row) => presentKey(row, deps.now()));
    },
    tenantOf: async (id) => (await deps.store.read('system', sql.findKeyTenant, { id }))[0]?.tenant_id,
    get: (actor, id) => show(deps, actor, id),
    create: (actor, input) => create(deps, actor, input),
    update: (actor, id, input) => update(deps, actor, id, input),
    rotate: (actor, id, overlapDays = OVERLAP_DAYS) => rotate(deps, actor, id, overlapDays),
    revoke: (actor, id) => revoke(deps, actor, id),
  };
}

async function create(deps: KeyCommandDeps, actor: Actor, input: KeyInput): Promise<NewKey> {
  const values = toKeyValues(input, EMPTY, tenantIdsOf(deps, actor, input.tenants ?? []));
  demandOwnRights(deps, actor, values);
  const made = makeKey(deps, actor, values, undefined);
  const change = changeOf(actor, 'key.created', 'create', made.id, { after: values });
  return audited(deps.audit, actor, change, async () => {
    await write(deps, actor, [made.step]);
    return { key: made.key, shown: await show(deps, actor, made.id) };
  });
}

async function update(deps: KeyCommandDeps, actor: Actor, id: string, input: KeyInput): Promise<ShownKey> {
  const row = await rowOf(deps, actor, id);
  demandAlive(row);
  const before = valuesOf(row);
  const tenantIds = input.tenants === undefined ? before.tenantIds : tenantIdsOf(deps, actor, input.tenants);
  const after = toKeyValues(input, before, tenantIds);
  demandOwnRights(deps, actor, before);
  demandOwnRights(deps, actor, after);
  const step = { statement: sql.updateKey, values: { id, ...columnsOf(after) }, expect: 1 };
  const change = changeOf(actor, 'admin.action', 'update', id, { before, after });
  return audited(deps.audit, actor, change, async () => {
    await write(deps, actor, [step]);
    return show(deps, actor, id);
  });
}

async function rotate(
  deps: KeyCommandDeps,
  actor: Actor,
  id: string,
  overlapDays: number,
): Promise<NewKey & { readonly previous: ShownKey }> {
  if (!Number.isInteger(overlapDays) || overlapDays < 0 || overlapDays > OVERLAP_DAYS_MAX)
    throw invalid('overlap_days', `must be a whole number from 0 to ${OVERLAP_DAYS_MAX}`);
  const row = await rowOf(deps, actor, id);
  demandUsable(row, deps.now());
  const values = valuesOf(row);
  demandOwnRights(deps, actor, values);
  const made = makeKey(deps, actor, values, id);
  const until = deps.now() + overlapDays * DAY_MS;
  const after = { key: made.id, overlap_days: overlapDays };
  const change = changeOf(actor, 'key.rotated', 'rotate', id, { before: values, after });
  return audited(deps.audit, actor, change, async () => {
    // First the proof that the old key is still there, so that a revocation between is not undone by a new key.
    await write(deps, actor, [{ statement: sql.endKey, values: { id, until }, expect: 1 }, made.step]);
    const previous = await show(deps, actor, id);
    return { key: made.key, shown: await show(deps, actor, made.id), previous };
  });
}

async function revoke(deps: KeyCommandDeps, actor: Actor, id: string): Promise<ShownKey> {
  const row = await rowOf(deps, actor, id);
  if (row.revoked_at !== null) return present(deps, actor, row);
  const change = changeOf(actor, 'key.revoked', 'revoke', id, { before: valuesOf(row) });
  return audited(deps.audit, actor, change, async () => {
    await write(deps, actor, [{ statement: sql.revokeKey, values: { id, now: deps.now() } }]);
    return show(deps, actor, id);
  });
}

function scopeOf({ tenantId }: Actor): { readonly tenant: string } {
  return { tenant: tenantId };
}

async function rowOf({ store }: KeyCommandDeps, actor: Actor, id: string): Promise<sql.ApiKeyRow> {
  const [row] = await store.read(scopeOf(actor), sql.getKey, { id });
  if (row === undefined) throw new QuaysideError('not_found', { message: `No key has the id ${id}.` });
  return row;
}

async function show(deps: KeyCommandDeps, actor: Actor, id: string): Promise<ShownKey> {
  return present(deps, actor, await rowOf(deps, actor, id));
}

/** Which tenants of others a key also has is not the business of this one. */
function present({ now }: KeyCommandDeps, { tenants }: Actor, row: sql.ApiKeyRow): ShownKey {
  const shown = presentKey(row, now());
  if (tenants === undefined) return shown;
  return { ...shown, tenant_ids: shown.tenant_ids.filter((id) => tenants.includes(id)) };
}

async function write(deps: KeyCommandDeps, actor: Actor, steps: readonly Step[]): Promise<void> {
  try {
    await deps.store.write(scopeOf(actor), [...steps, deps.store.announce(sql.KEYS_TOPIC)]);
  } catch (error) {
    if (!(error instanceof StoreConflict)) throw error;
    throw new QuaysideError('conflict', {
      message: 'The key was revoked or changed meanwhile.',
      cause: error,
    });
  }
  await deps.changed?.();
}

function demandOwnRights(deps: KeyCommandDeps, actor: Actor, values: KeyValues): void {
  if (actor.access === undefined) return;
  // Whoever gets such a key in hand would get into tenants that are not its own.
  const foreign = values.tenantIds.find((id) => actor.tenants?.includes(id) !== true);
  if (foreign !== undefined)
    throw new QuaysideError('forbidden', { message: 'The key has tenants that are not yours.' });
  const usesDefaults = values.permissions === undefined && values.roles.length === 0;
  const permissions = values.permissions ?? (usesDefaults ? deps.defaults() : []);
  demandCeiling(actor.access, { permissions, roles: values.roles });
}

function changeOf(
  actor: Actor,
  eventType: string,
  action: string,
  resourceId: string,
  states: { readonly before?: unknown; readonly after?: unknown },
) {
  return { eventType, action, resourceType: 'api_key', resourceId, tenantId: actor.tenantId, ...states };
}

function makeKey(
  deps: KeyCommandDeps,
  actor: Actor,
  values: KeyValues,
  rotatedFrom: string | undefined,
): { readonly id: string; readonly key: string; readonly step: Step } {
  const { id, key } = generateKey();
  const step = {
    statement: sql.insertKey,
    values: {
      id,
      key_hash: pepperedHash(sha256Hex(key), deps.salt).toString('hex'),
      ...columnsOf(values),
      created_at: deps.now(),
      created_by: actor.id,
      rotated_from: rotatedFrom ?? null,
    },
  };
  return { id, key, step };
}

function columnsOf(values: KeyValues) {
  const { permissions, rateLimit } = values;
  return {
    name: values.name,
    permissions: permissions === undefined ? null : JSON.stringify(permissions),
    roles: JSON.stringify(values.roles),
    rate_limit: rateLimit === undefined ? null : JSON.stringify(rateLimit),
    tier: values.tier ?? null,
    enabled: values.enabled ? 1 : 0,
    expires_at: values.expiresAt ?? null,
    not_before: values.notBefore ?? null,
    tenant_ids: JSON.stringify(values.tenantIds),
    allowed_ips: JSON.stringify(values.allowedIps),
  };
}

function valuesOf(row: sql.ApiKeyRow): KeyValues {
  return {
    name: row.name,
    permissions: row.permissions === null ? undefined : parseTexts(row.permissions),
    roles: parseTexts(row.roles),
    rateLimit: row.rate_limit === null ? undefined : parseLimit(row.rate_limit),
    tier: row.tier ?? undefined,
    enabled: row.enabled === 1,
    expiresAt: row.expires_at ?? undefined,
    notBefore: row.not_before ?? undefined,
    allowedIps: parseTexts(row.allowed_ips),
    tenantIds: parseTexts(row.tenant_ids),
  };
}

/** Only tenants that the actor has can be handed on; the key's home is not among the further ones. */
function tenantIdsOf({ tenants }: KeyCommandDeps, actor: Actor, names: readonly string[]): readonly string[] {
  const ids = names.map((name) => {
    const found = tenants.find(name);
    const isOwn = found !== undefined && (actor.tenants === undefined || actor.tenants.includes(found.id));
    if (!isOwn) throw invalid('tenants', `${JSON.stringify(name)} is none of your tenants`);
    return found.id;
  });
  return [...new Set(ids)].filter((id) => id !== actor.tenantId);
}

function demandAlive(row: sql.ApiKeyRow): void {
  if (row.revoked_at !== null)
    throw new QuaysideError('conflict', { message: 'The key is revoked, which is for good; make another.' });
}

function demandUsable(row: sql.ApiKeyRow, now: number): void {
  demandAlive(row);
  const state = keyState(
    { enabled: row.enabled === 1, ...(row.expires_at === null ? {} : { expiresAt: row.expires_at }) },
    now,
  );
  if (state !== 'valid')
    throw new QuaysideError('conflict', {
      message: `The key is ${state}; make another instead of rotating it.`,
    });
}

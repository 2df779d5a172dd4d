// What can be done with flags; behind REST and the command line alike.

import { QuaysideError } from '../errors.ts';
import { type Actor, audited } from '../gate/actor.ts';
import { adminChange } from '../gate/audit/admin-change.ts';
import type { AuditLog } from '../gate/audit/audit.ts';
import { DEFAULT_TENANT } from '../gate/tenant/tenant.ts';
import { type Step, type Store, StoreConflict } from '../store/store.ts';
import { EMPTY_FLAG, type Flag } from './flag.ts';
import type { FlagDirectory } from './flag-directory.ts';
import { changedFlag, checkFlagKey, columnsOf, type FlagInput } from './flag-input.ts';
import { deleteFlag, FLAGS_TOPIC, insertFlag, updateFlag } from './flag-statements.ts';

export interface FlagCommandDeps {
  readonly store: Store;
  readonly flags: Pick<FlagDirectory, 'all' | 'find' | 'declared' | 'refresh'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Absent: nothing is written down. */
  readonly audit?: AuditLog;
}

/** As many as a person can keep in mind, and more; every process holds all of them. */
const FLAGS_MAX = 1000;

/** Flags name tenants and their users, so only the operator's tenant `default` sees and changes them. */
export interface FlagCommands {
  list(actor: Actor): Promise<readonly Flag[]>;
  /** Throws `not_found`. */
  get(actor: Actor, key: string): Promise<Flag>;
  /** Only what is given changes; a key without a flag gets one. Throws `invalid_params`, `conflict`. */
  change(actor: Actor, key: string, input: FlagInput): Promise<Flag>;
  /** What is not given is as in a new flag. Throws `invalid_params`, `conflict`. */
  replace(actor: Actor, key: string, input: FlagInput): Promise<Flag>;
  /** What was declared or shipped holds again; any other flag is gone. Throws `not_found`, `conflict`. */
  remove(actor: Actor, key: string): Promise<void>;
}

/** The commands over one store. */
export function createFlagCommands(deps: FlagCommandDeps): FlagCommands {
  const { flags } = deps;
  const fresh = async (actor: Actor): Promise<void> => {
    if (actor.tenantId !== DEFAULT_TENANT)
      throw new QuaysideError('forbidden', {
        message: 'Flags are seen and changed from the tenant default only.',
      });
    await flags.refresh();
  };
  return {
    async list(actor) {
      await fresh(actor);
      return flags.all();
    },
    async get(actor, key) {
      await fresh(actor);
      return existing(deps, key);
    },
    async change(actor, key, input) {
      await fresh(actor);
      return put(deps, actor, key, changedFlag(flags.find(key) ?? EMPTY_FLAG, input));
    },
    async replace(actor, key, input) {
      await fresh(actor);
      return put(deps, actor, key, changedFlag(EMPTY_FLAG, input));
    },
    async remove(actor, key) {
      await fresh(actor);
      await remove(deps, actor, existing(deps, key));
    },
  };
}

async function put(
  deps: FlagCommandDeps,
  actor: Actor,
  key: string,
  after: ReturnType<typeof changedFlag>,
): Promise<Flag> {
  checkFlagKey(key);
  const before = deps.flags.find(key);
  if (before === undefined && deps.flags.all().length >= FLAGS_MAX)
    throw new QuaysideError('conflict', { message: `There are ${FLAGS_MAX} flags; remove one first.` });
  // Of two changes within a millisecond the second must still be told from the first.
  const now = Math.max(deps.now(), (before?.updated?.at ?? 0) + 1);
  const values = { ...columnsOf(after), key, now, by: actor.id };
  const step: Step =
    before?.updated === undefined
      ? { statement: insertFlag, values, expect: 1 }
      : { statement: updateFlag, values: { ...values, seen: before.updated.at }, expect: 1 };
  const change = adminChange(
    actor,
    { action: before === undefined ? 'create' : 'update', resourceType: 'flag', resourceId: key },
    {
      ...(before === undefined ? {} : { before: settingsOf(before) }),
      after,
    },
  );
  await audited(deps.audit, actor, change, () => write(deps, step));
  return existing(deps, key);
}

async function remove(deps: FlagCommandDeps, actor: Actor, flag: Flag): Promise<void> {
  const { key, updated } = flag;
  if (updated === undefined)
    throw new QuaysideError('conflict', {
      message: `The flag ${key} is ${flag.source === 'shipped' ? 'shipped' : 'declared by the definition'} and cannot be removed; switch it off with enabled: false.`,
    });
  const change = adminChange(
    actor,
    { action: 'delete', resourceType: 'flag', resourceId: key },
    { before: settingsOf(flag) },
  );
  const step = { statement: deleteFlag, values: { key, seen: updated.at }, expect: 1 };
  await audited(deps.audit, actor, change, () => write(deps, step));
}

async function write({ store, flags }: FlagCommandDeps, step: Step): Promise<void> {
  await store.write('system', [step, store.announce(FLAGS_TOPIC)]).catch((error: unknown) => {
    if (!(error instanceof StoreConflict)) throw error;
    throw new QuaysideError('conflict', { message: 'The flag was changed meanwhile.', cause: error });
  });
  await flags.refresh();
}

function existing({ flags }: FlagCommandDeps, key: string): Flag {
  const flag = flags.find(key);
  if (flag === undefined) throw new QuaysideError('not_found', { message: `There is no flag ${key}.` });
  return flag;
}

function settingsOf({ key: _, source: __, updated: ___, ...settings }: Flag) {
  return settings;
}

// Storing and removing secrets, written down before they are done; REST and the command line are doors to it.
import { secretNameProblem } from '../definition/secret-reference.ts';
import { QuaysideError } from '../errors.ts';
import { type Actor, audited } from '../gate/actor.ts';
import type { AuditLog } from '../gate/audit/audit.ts';
import {
  HIDDEN_VALUE,
  SECRET_BYTES_MAX,
  type SecretStore,
  type StoredSecret,
} from '../secrets/secret-store.ts';
import { MasterKeyMissing } from '../secrets/vault/data-keys.ts';
import { UnsealError } from '../secrets/vault/envelope.ts';

/** The tenant is the actor's. Values are no part of a record: what is told is that there is another one. */
export interface SecretCommands {
  /** Throws `not_found`. The form of a name is not judged here: what is not stored is not found. */
  find(actor: Actor, name: string): Promise<StoredSecret>;
  /** Stores or replaces. Throws `invalid_request` naming what is wrong, and `secrets_locked` without a master key. */
  put(actor: Actor, name: string, value: string): Promise<StoredSecret>;
  /**
   * Replaces a value that is there, reads the new one back to be sure, and keeps the old one for the grace. Throws as
   * {@link SecretCommands.put} does, and `not_found`.
   */
  rotate(
    actor: Actor,
    name: string,
    given: { readonly value: string; readonly graceMs: number },
  ): Promise<StoredSecret>;
  /** Puts the value before the last rotation back. Throws `not_found` when none is kept. */
  restore(actor: Actor, name: string): Promise<StoredSecret>;
  /** Throws `not_found`. */
  remove(actor: Actor, name: string): Promise<void>;
}

/** Without a grace the old value is kept as long as it takes to be sure of the new one. */
const READ_BACK_MS = 60_000;

/** `audit` absent: nothing is written down. */
export function createSecretCommands(deps: {
  readonly secrets: SecretStore;
  readonly audit?: AuditLog;
  /** Epoch milliseconds; `Date.now` by default. */
  readonly now?: () => number;
}): SecretCommands {
  const { secrets, audit, now = Date.now } = deps;
  const lookUp = async (actor: Actor, name: string) =>
    (await secrets.list(actor.tenantId)).find((one) => one.name === name);
  const find = async (actor: Actor, name: string): Promise<StoredSecret> => {
    const found = await lookUp(actor, name);
    if (found === undefined)
      throw new QuaysideError('not_found', { message: `No secret has the name ${JSON.stringify(name)}.` });
    return found;
  };
  return {
    find,
    async put(actor, name, value) {
      demandStorable(name, value);
      const before = await lookUp(actor, name);
      const change = changeOf(actor, name, before === undefined ? 'create' : 'rotate', {
        before: before ?? null,
        after: { name, version: (before?.version ?? 0) + 1 },
      });
      return audited(audit, actor, change, () =>
        locked(() => secrets.put(actor.tenantId, { name, value, by: actor.id })),
      );
    },
    async rotate(actor, name, { value, graceMs }) {
      demandStorable(name, value);
      const before = await find(actor, name);
      const after = { name, version: before.version + 1 };
      return audited(audit, actor, changeOf(actor, name, 'rotate', { before, after }), () =>
        locked(async () => {
          const keepUntil = now() + Math.max(graceMs, READ_BACK_MS);
          const stored = await secrets.put(actor.tenantId, { name, value, by: actor.id, keepUntil });
          await demandReadable(secrets, actor, { value, stored });
          await secrets.removeEnded();
          return stored;
        }),
      );
    },
    async restore(actor, name) {
      const before = await find(actor, name);
      if (before.previous === undefined)
        throw new QuaysideError('not_found', {
          message: `${name} has no value before this one that could be put back.`,
        });
      const after = { name, version: before.version + 1, value_of: before.previous.version };
      const change = changeOf(actor, name, 'restore', { before, after });
      return audited(audit, actor, change, async () => {
        const restored = await secrets.restore(actor.tenantId, { name, by: actor.id });
        if (restored !== undefined) return restored;
        throw new QuaysideError('not_found', { message: `The kept value of ${name} has just ended.` });
      });
    },
    async remove(actor, name) {
      const before = await find(actor, name);
      await audited(audit, actor, changeOf(actor, name, 'delete', { before, after: null }), () =>
        secrets.remove(actor.tenantId, name),
      );
    },
  };
}

async function locked<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof MasterKeyMissing)) throw error;
    throw new QuaysideError('secrets_locked', { message: error.message });
  }
}

/** What does not read back is taken back; what somebody else stored meanwhile is theirs. */
async function demandReadable(
  secrets: SecretStore,
  { tenantId, id }: Actor,
  { value, stored }: { readonly value: string; readonly stored: StoredSecret },
): Promise<void> {
  const { name, version } = stored;
  const read = await secrets.read(tenantId, name).catch((error: unknown) => {
    if (error instanceof UnsealError) return undefined;
    throw error;
  });
  if (read === value) return;
  const now = (await secrets.list(tenantId)).find((one) => one.name === name);
  if (now?.version !== version) return;
  await secrets.restore(tenantId, { name, by: id });
  throw new QuaysideError('internal', {
    message: `${name} could not be read back after it was stored; the value before it is in force again.`,
  });
}

function demandStorable(name: string, value: string): void {
  const wrong = nameOrValueProblem(name, value);
  if (wrong !== undefined) throw new QuaysideError('invalid_request', { message: wrong });
}

function nameOrValueProblem(name: string, value: string): string | undefined {
  const problem = secretNameProblem(name);
  if (problem !== undefined) return `name: ${JSON.stringify(name)} ${problem}.`;
  if (value === '') return 'value: must not be empty.';
  if (value === HIDDEN_VALUE)
    return `value: "${HIDDEN_VALUE}" stands for a value that is not shown; give the value itself.`;
  if (Buffer.byteLength(value) > SECRET_BYTES_MAX)
    return `value: must have at most ${SECRET_BYTES_MAX} bytes.`;
  return undefined;
}

function changeOf(
  actor: Actor,
  name: string,
  action: 'create' | 'rotate' | 'restore' | 'delete',
  states: { readonly before: unknown; readonly after: unknown },
) {
  const eventType = action === 'rotate' || action === 'restore' ? 'secret.rotated' : 'admin.action';
  return {
    eventType,
    action,
    resourceType: 'secret',
    resourceId: name,
    tenantId: actor.tenantId,
    ...states,
  };
}

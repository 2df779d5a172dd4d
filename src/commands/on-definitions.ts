// What the verbs share that change, in the store of an install, what its definitions declare.
import { loadAll } from '../app/definitions.ts';
import { secretsAtStart } from '../app/secrets.ts';
import { type AppSettings, readSettings } from '../app/settings.ts';
import type { LoadedDefinition } from '../definition/load.ts';
import type { Actor } from '../gate/actor.ts';
import type { AuditLog } from '../gate/audit/audit.ts';
import type { Store } from '../store/store.ts';
import { type InstallFlags, onInstall } from './install.ts';
import { type Io, refuse } from './io.ts';

/** The flags that every such verb has. */
export interface DefinitionFlags extends Omit<InstallFlags, 'tenant'> {
  /** Definition file or folder; default as for `serve`. */
  readonly definition?: string;
}

/** What such a verb works with. */
export interface DeclaredInstall {
  readonly settings: AppSettings;
  readonly definitions: readonly LoadedDefinition[];
  readonly store: Store;
  readonly audit: AuditLog;
  readonly actor: Actor;
}

/** Reads the definitions and opens the install for `work`; resolves with the exit code. */
export async function onDefinitions(
  flags: DefinitionFlags,
  io: Io,
  work: (install: DeclaredInstall) => Promise<number>,
): Promise<number> {
  const { definition: path, data } = flags;
  const read = readSettings(
    { ...(path === undefined ? {} : { path }), ...(data === undefined ? {} : { data }) },
    io.env,
    'http',
  );
  if ('problems' in read) return refuse(io, read.problems);
  const { settings } = read;
  return onInstall(flags, io, async ({ store, audit }, actor) => {
    const { definitions } = await loadAll(settings, secretsAtStart(settings).resolve);
    return work({ settings, definitions, store, audit, actor });
  });
}

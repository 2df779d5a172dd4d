// Indexes of source code as archives: written from an install, and taken over into one.
import { realpathSync, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { systemClock } from '../clock.ts';
import type { LoadedDefinition } from '../definition/load.ts';
import { type Actor, type AuditedChange, audited } from '../gate/actor.ts';
import type { AuditLog } from '../gate/audit/audit.ts';
import { indexPlace } from '../packs/code/repositories/index-place.ts';
import { indexRecords } from '../packs/code/repositories/index-record.ts';
import { nodeOf } from '../packs/code/repositories/node.ts';
import { repositoryId, repositoryName } from '../packs/code/repositories/repositories.ts';
import { RepositoryIndex } from '../packs/code/repositories/repository-index.ts';
import { ArchiveRefusal } from '../packs/code/sharing/archive-refusal.ts';
import { type ExportReport, exportIndex } from '../packs/code/sharing/export-index.ts';
import { type ImportReport, type ImportWish, importIndex } from '../packs/code/sharing/import-index.ts';
import { createArchiveSigner } from '../packs/code/sharing/signature.ts';
import { openSharingKey } from '../secrets/sharing-key.ts';
import type { Store } from '../store/store.ts';
import type { Log } from '../telemetry/log.ts';
import { ConfigurationError } from './configuration-error.ts';

/** The install whose indexes are meant. */
export interface SharingInstall {
  readonly definitions: readonly LoadedDefinition[];
  readonly dataDirectory: string;
  readonly store: Store;
  readonly log: Log;
  /** Takes what is imported and exported, before it is. */
  readonly audit: AuditLog;
  readonly actor: Actor;
}

/** The folder of a definition whose index is meant: by name, id or path, or the only one. */
export type RepositorySelector = string | undefined;

/** Writes the archive of one index. Throws ConfigurationError, ArchiveRefusal or TextIndexError. */
export function exportRepository(
  install: SharingInstall,
  wish: {
    readonly repository: RepositorySelector;
    readonly output: string;
    readonly withVectors: boolean;
    readonly bytesMax: number;
    /** Base64 of another key's seed; default the install's own. */
    readonly seed?: string;
  },
): Promise<ExportReport & { readonly repository: string }> {
  const { repository: selector, seed = openSharingKey(install.dataDirectory), ...how } = wish;
  return withIndex(install, selector, async ({ index, root, rules, name }) => {
    const { state, record } = await index.status();
    if (state !== 'ready')
      throw new ArchiveRefusal(
        'not_ready',
        `The index of ${name} is not ready (${state}); bring it up to date with: quayside code index`,
      );
    const { commit = null, branch = null } = record ?? {};
    const { directory } = index;
    const signer = createArchiveSigner(seed);
    const { output, withVectors: embeddings } = how;
    const after = { commit, branch, output: resolve(output), embeddings, key: signer.publicKey };
    const done = await audited(
      install.audit,
      install.actor,
      changeOf('export', root, { install, after }),
      () => exportIndex({ directory, root, rules, repository: name, commit, branch, ...how, signer }),
    );
    return { ...done, repository: name };
  });
}

/** Takes an archive over. Throws as {@link exportRepository}. */
export function importRepository(
  install: SharingInstall,
  wish: {
    readonly repository: RepositorySelector;
    readonly file: string;
    readonly bytesMax: number;
    readonly isDry: boolean;
    /** Public keys that are trusted besides the install's own. */
    readonly trusted: readonly string[];
  },
): Promise<ImportReport & { readonly repository: string }> {
  const own = createArchiveSigner(openSharingKey(install.dataDirectory)).publicKey;
  const { repository: selector, trusted, ...how } = wish;
  return withIndex(install, selector, async ({ index, root, rules, name }) => {
    const { record } = await index.status();
    const before = { commit: record?.commit ?? null, files: record?.files ?? 0 };
    const change: ImportWish['change'] = ({ commit, branch, repository }, make) => {
      const after = { commit, branch, repository, archive: resolve(how.file) };
      return audited(
        install.audit,
        install.actor,
        changeOf('import', root, { install, before, after }),
        make,
      );
    };
    const what = { ...how, index, root, rules, trusted: [own, ...trusted], change };
    return { ...(await importIndex(what)), repository: name };
  });
}

/** Of the index of a folder: it is the install's, and so of the operator's tenant. */
function changeOf(
  action: 'import' | 'export',
  root: string,
  of: { readonly install: SharingInstall; readonly before?: unknown; readonly after: unknown },
): AuditedChange {
  const { install, ...states } = of;
  const { tenantId } = install.actor;
  const what = {
    eventType: 'admin.action',
    action,
    resourceType: 'code_index',
    resourceId: repositoryId(root),
  };
  return { ...what, tenantId, ...states };
}

interface Chosen {
  readonly index: RepositoryIndex;
  readonly root: string;
  readonly rules: ReturnType<typeof indexPlace>['rules'];
  readonly name: string;
}

/** Opens the index of the chosen folder for `work`; nothing is indexed or watched by itself. */
async function withIndex<Result>(
  { definitions, dataDirectory, store, log }: SharingInstall,
  selector: RepositorySelector,
  work: (chosen: Chosen) => Promise<Result>,
): Promise<Result> {
  const { root, options, name } = choose(definitions, selector);
  const stateDirectory = dataDirectory;
  const { id, directory, rules } = indexPlace(root, options, { stateDirectory });
  const records = indexRecords(store, nodeOf(stateDirectory));
  const index = new RepositoryIndex({
    ...{ id, root, directory, rules, records, log, clock: systemClock },
    ...{ autoIndex: false, watch: false },
  });
  try {
    return await work({ index, root, rules, name });
  } finally {
    await index.close();
  }
}

function choose(definitions: readonly LoadedDefinition[], selector: RepositorySelector) {
  const all = definitions.flatMap(({ definition, baseDirectory }) => {
    const options = definition.packs.code;
    return options === undefined ? [] : options.paths.map((path) => found(path, baseDirectory, options));
  });
  const distinct = [...new Map(all.map((one) => [one.root, one])).values()];
  const named = distinct.filter(
    ({ root, name }) =>
      selector === undefined ||
      [repositoryId(root), name, root].includes(selector) ||
      resolve(selector) === root,
  );
  const [one, other] = named;
  if (one !== undefined && other === undefined) return one;
  const names = distinct.map(({ name }) => name).join(', ') || 'none; add packs.code to a definition';
  throw new ConfigurationError([
    `${selector === undefined ? 'Name the repository that is meant' : `${selector} names no repository, or several`}. There are: ${names}`,
  ]);
}

function found<Options>(path: string, base: string, options: Options) {
  const absolute = isAbsolute(path) ? resolve(path) : join(base, path);
  if (statSync(absolute, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new ConfigurationError([`packs.code.paths: ${path} is no folder; name one that exists.`]);
  const root = realpathSync(absolute);
  return { root, options, name: repositoryName(root) };
}

// Adding and removing repositories, whoever asks: a tool, a route or a command.
import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Clock } from '../../../clock.ts';
import type { Actor } from '../../../gate/actor.ts';
import type { JsonObject } from '../../../tool.ts';
import { CodeRefusal } from '../code-tool.ts';
import { findLanguage } from '../languages.ts';
import {
  ADDED_MAX,
  type AddedRepositories,
  type AddedType,
  addedPlaces,
  DAY_MS,
  newRepositoryId,
} from './added-repositories.ts';
import type { RepositoryRow } from './added-statements.ts';
import { allowedFolder } from './allowed-folder.ts';
import { type CloneDeps, cloneRepository, isAddress } from './git-clone.ts';
import { readGitHead } from './git-head.ts';

/** What adding and removing works with, for one server. */
export interface AddedCommandDeps extends CloneDeps {
  readonly added: AddedRepositories;
  readonly clock: Clock;
  readonly stateDirectory: string;
  /** Absolute folders below which callers may add. */
  readonly roots: readonly string[];
  /** The folders that the definition covers already. */
  readonly local: readonly string[];
  readonly base: string;
}

/** What a caller says of a repository to add. */
export interface AddWish {
  /** A folder, or an https address. */
  readonly path: string;
  readonly name?: string;
  readonly type: AddedType;
  readonly language?: string;
  readonly purpose: string;
  readonly days: number;
  readonly project?: string;
  readonly description?: string;
  readonly metadata: JsonObject;
  readonly branch?: string;
}

/** Adds a folder as it is, or a clone of an address. @throws CodeRefusal. */
export async function addRepository(
  actor: Actor,
  wish: AddWish,
  deps: AddedCommandDeps & { readonly signal: AbortSignal },
): Promise<RepositoryRow> {
  const { added, clock } = deps;
  if (added.present(actor.tenantId).length >= ADDED_MAX)
    throw new CodeRefusal(
      'too_many_repositories',
      `A tenant may add ${ADDED_MAX} repositories; remove some with cleanup_repositories.`,
    );
  const isClone = isAddress(wish.path);
  if (wish.branch !== undefined && !isClone)
    throw new CodeRefusal('invalid_arguments', 'branch chooses what is cloned; a folder is taken as it is.');
  const id = newRepositoryId();
  const { clones } = addedPlaces(deps.stateDirectory);
  const directory = join(clones, id);
  const language = wish.language === undefined ? null : languageId(wish.language);
  try {
    const path = isClone ? await clone(wish, directory, deps) : await folder(wish.path, deps);
    return await added.add(actor, {
      id,
      name: wish.name ?? nameOf(wish.path),
      path,
      type: wish.type,
      language,
      purpose: wish.purpose,
      project: wish.project ?? null,
      description: wish.description ?? null,
      metadata: wish.metadata,
      url: isClone ? wish.path : null,
      branch: wish.branch ?? null,
      commit: isClone ? (readGitHead(path)?.commit ?? null) : null,
      cleanupAfter: clock.now() + wish.days * DAY_MS,
    });
  } catch (error) {
    if (isClone) await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

/** What was added by a wish since a time in epoch milliseconds; undefined: nothing was. @throws CodeRefusal. */
export async function findAddedSince(
  tenant: string,
  {
    path,
    name = nameOf(path),
    branch = null,
  }: Pick<AddWish, 'path' | 'name'> & { readonly branch?: string | null },
  { since, ...deps }: AddedCommandDeps & { readonly since: number },
): Promise<RepositoryRow | undefined> {
  const place = isAddress(path) ? undefined : await allowedFolder(path, deps);
  return deps.added
    .present(tenant)
    .find(
      (row) =>
        row.added_at >= since &&
        row.name === name &&
        (place === undefined ? row.url === path && row.branch === branch : row.path === place),
    );
}

/** Which repositories are to go. */
export interface CleanupWish {
  readonly expired: boolean;
  readonly ids: readonly string[];
  readonly types: readonly string[];
  readonly olderThanDays: number | undefined;
}

/** What goes for which reason; one that has several is named under each and goes once. */
export interface CleanupChoice {
  readonly expired: readonly RepositoryRow[];
  readonly manual: readonly RepositoryRow[];
  readonly byType: readonly RepositoryRow[];
  readonly byAge: readonly RepositoryRow[];
  /** Each once. */
  readonly all: readonly RepositoryRow[];
}

/** Chooses among what the tenant added; folders of a definition are never chosen. @throws CodeRefusal. */
export function chooseForCleanup(
  tenant: string,
  wish: CleanupWish,
  { added, clock }: Pick<AddedCommandDeps, 'added' | 'clock'>,
): CleanupChoice {
  const rows = added.present(tenant);
  const now = clock.now();
  const unknown = wish.ids.find((id) => !rows.some((row) => row.id === id));
  if (unknown !== undefined)
    throw new CodeRefusal(
      'unknown_repository',
      `${unknown} is no id of a repository that was added; ids are in list_repositories.`,
    );
  const before = wish.olderThanDays === undefined ? undefined : now - wish.olderThanDays * DAY_MS;
  const expired = wish.expired ? rows.filter((row) => row.cleanup_after <= now) : [];
  const manual = rows.filter((row) => wish.ids.includes(row.id));
  const byType = rows.filter((row) => wish.types.includes(row.type));
  const byAge = before === undefined ? [] : rows.filter((row) => row.added_at <= before);
  return { expired, manual, byType, byAge, all: [...new Set([...expired, ...manual, ...byType, ...byAge])] };
}

async function folder(path: string, deps: AddedCommandDeps): Promise<string> {
  const found = await allowedFolder(path, deps);
  if (deps.local.includes(found))
    throw new CodeRefusal('already_registered', `${path} is searched already; see list_repositories.`);
  return found;
}

async function clone(
  { path: url, branch }: AddWish,
  directory: string,
  deps: AddedCommandDeps & { readonly signal: AbortSignal },
): Promise<string> {
  mkdirSync(addedPlaces(deps.stateDirectory).clones, { recursive: true });
  await cloneRepository({ url, branch: branch ?? null, commit: null, directory, signal: deps.signal }, deps);
  return directory;
}

function nameOf(path: string): string {
  const name = basename(path).replace(/\.git$/, '');
  return name === '' ? path : name;
}

/** The id of a language by any of its names. @throws CodeRefusal. */
export function languageId(name: string): string {
  const found = findLanguage(name);
  if (found === undefined)
    throw new CodeRefusal('invalid_arguments', `'${name}' is no language that this server knows.`);
  return found.id;
}

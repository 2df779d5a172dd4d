// The repositories that one server offers, and which of them a call means.
import { createHash } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import { basename, isAbsolute, join, resolve, sep } from 'node:path';
import type { Call } from '../../../tool.ts';
import { CodeRefusal } from '../code-tool.ts';
import { TextIndexError } from '../index/text-index-error.ts';
import type { SemanticIndex } from '../semantic/semantic-index.ts';
import type { SymbolIndex } from '../symbols/symbol-index.ts';
import type { AddedType } from './added-repositories.ts';
import type { RepositoryRow } from './added-statements.ts';
import { readGitHead } from './git-head.ts';
import type { IndexStatus } from './index-options.ts';
import type { IndexRecord } from './index-record.ts';
import { type Readiness, type RepositoryState, remediationOf, selectorReadiness } from './readiness.ts';
import type { RepositoryIndex } from './repository-index.ts';

/** How long a query waits for work under way that makes its repository ready. */
const WAIT_MS = 3_000;
/** The same for one that was added: searches over all would wait for each of them. */
const ADDED_WAIT_MS = 500;

/** One searchable tree. */
export interface Repository {
  /** Stable as long as the path is. */
  readonly id: string;
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  readonly type: 'local' | AddedType;
  /** Of one that a caller added. */
  readonly added?: RepositoryRow;
  readonly index: RepositoryIndex;
  readonly symbols: SymbolIndex;
  /** Where a model is configured. */
  readonly meaning?: SemanticIndex;
}

/** A repository with what is true of it now. */
export interface SettledRepository extends Repository {
  readonly status: IndexStatus;
  readonly readiness: Readiness;
}

/** What a caller sees. */
export type RepositoriesOf = (call: Pick<Call, 'principal'>) => Repositories;

/** The repositories that one caller of a server sees: those of its definition in their order, then what was added. */
export interface Repositories {
  readonly all: readonly Repository[];
  /** Those that a selector means: all, or one by id, name or path. @throws CodeRefusal `index_unavailable`. */
  select(selector: string | undefined): Promise<readonly Repository[]>;
  /** The repository that holds a path, and the path within it. @throws CodeRefusal. */
  locate(path: string, selector: string | undefined): Promise<{ repository: Repository; path: string }>;
  /**
   * As {@link select}, and every one is ready to answer. Without a selector, what was added and is not ready is left
   * out: the caller's own code does not wait for samples. @throws CodeRefusal `index_unavailable`.
   */
  ready(selector: string | undefined): Promise<readonly SettledRepository[]>;
  /** As {@link ready}, with the symbols of that state. @throws CodeRefusal `index_unavailable`. */
  readySymbols(selector: string | undefined): Promise<readonly SettledRepository[]>;
  /** One repository, ready to answer. @throws CodeRefusal `index_unavailable`. */
  settle(repository: Repository): Promise<SettledRepository>;
}

/** Id of the repository at an absolute path. */
export function repositoryId(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 12);
}

/** `base` is what relative selectors mean; `serveStale` answers from indexes that are not ready but exist. */
export function createRepositories(
  all: readonly Repository[],
  options: { readonly base: string; readonly serveStale: boolean },
): Repositories {
  const select = async (selector: string | undefined) =>
    selector === undefined ? all : [await selectOne(all, selector, options.base)];
  const settle = async (repository: Repository) => {
    const status = await repository.index.settled(repository.added === undefined ? WAIT_MS : ADDED_WAIT_MS);
    const settled = { ...repository, status, readiness: readinessOf(repository, status) };
    if (status.state === 'ready' || status.state === 'index_empty') return settled;
    if (options.serveStale && (status.record?.generation ?? 0) > 0) return settled;
    throw unavailable(settled.readiness);
  };
  return {
    all,
    select,
    settle,
    async ready(selector) {
      return prepare(await select(selector), selector, settle);
    },
    async readySymbols(selector) {
      return prepare(await select(selector), selector, async (one) => {
        const settled = await settle(one);
        await awaitSymbols(settled);
        return settled;
      });
    },
    async locate(path, selector) {
      const chosen = await select(selector);
      if (isAbsolute(path)) {
        const holder = all.find((one) => isWithin(one.path, resolve(path)));
        if (holder === undefined) throw outside(path);
        if (selector !== undefined && !chosen.includes(holder))
          throw new CodeRefusal(
            'conflicting_path_and_repository',
            `The path ${path} is not in the repository ${selector}.`,
          );
        return { repository: holder, path: relativePath(holder.path, resolve(path)) };
      }
      for (const one of chosen) {
        const absolute = resolve(one.path, path);
        if (!isWithin(one.path, absolute)) throw outside(path);
      }
      const [first] = chosen;
      if (first === undefined) throw unavailable(selectorReadiness('unregistered_repository', path, []));
      const holder = (await findHolder(chosen, path)) ?? first;
      return { repository: holder, path: relativePath(holder.path, resolve(holder.path, path)) };
    },
  };
}

async function prepare(
  chosen: readonly Repository[],
  selector: string | undefined,
  make: (one: Repository) => Promise<SettledRepository>,
): Promise<readonly SettledRepository[]> {
  const made = await Promise.all(
    chosen.map((one) =>
      make(one).catch((error: unknown) => {
        if (selector === undefined && one.added !== undefined && error instanceof CodeRefusal) return [];
        throw error;
      }),
    ),
  );
  return made.flat();
}

/** Reading the symbols of a large tree for the first time takes longer than a query waits. */
async function awaitSymbols(repository: SettledRepository): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, WAIT_MS, 'late');
  });
  const state = await Promise.race([repository.symbols.refresh(), late]).finally(() => clearTimeout(timer));
  if (state !== 'late') return;
  const remediation = 'The symbols are still being read; ask again in a few seconds, or use search_code.';
  const { readiness } = repository;
  throw unavailable({
    ...readiness,
    state: 'index_building',
    ready: false,
    code: 'index_unavailable',
    remediation,
  });
}

/** Refuses with what kept a repository from answering (spec code §5); `remediation`: what to do, by its state if absent. */
export function unavailable(readiness: Readiness, remediation = readiness.remediation): CodeRefusal {
  return new CodeRefusal('index_unavailable', 'Index unavailable', {
    safe_fallback: 'native_search',
    readiness,
    remediation,
  });
}

/** What of a failure of the engine a caller is told; the rest is rethrown. */
export async function toRefusal(error: unknown, repository: Repository): Promise<unknown> {
  if (!(error instanceof TextIndexError)) return error;
  if (error.code === 'index_corrupt') {
    await repository.index.damaged();
    return unavailable(readinessOf(repository, await repository.index.status()));
  }
  if (error.code === 'index_missing' || error.code === 'index_locked' || error.code === 'index_closed')
    return unavailable(readinessOf(repository, await repository.index.status()));
  if (error.code === 'worker_failed') return error;
  return new CodeRefusal(error.code, error.message, {
    ...(error.position === undefined ? {} : { position: error.position }),
  });
}

/** The readiness of a repository as it is sent. */
export function readinessOf(repository: Repository, { state, record, head }: IndexStatus): Readiness {
  return {
    state,
    ready: state === 'ready',
    code: state === 'ready' ? null : 'index_unavailable',
    repository_id: repository.id,
    repository_name: repository.name,
    registered_path: repository.path,
    requested_path: null,
    tracked_branch: record?.branch ?? null,
    current_branch: head?.branch ?? null,
    current_commit: head?.commit ?? null,
    last_indexed_commit: record?.commit ?? null,
    index_path: repository.index.directory,
    remediation: remediationFor(state, record),
  };
}

/** Why there is nothing, where an attempt to make it failed. */
function remediationFor(state: RepositoryState, record: IndexRecord | undefined): string | null {
  const advice = remediationOf(state);
  const problem = state === 'missing_index' ? (record?.problem ?? null) : null;
  return problem === null ? advice : `${problem} ${advice}`;
}

async function selectOne(all: readonly Repository[], selector: string, base: string): Promise<Repository> {
  const byId = all.find(({ id }) => id === selector);
  if (byId !== undefined) return byId;
  const named = all.filter(({ name }) => name === selector);
  if (named.length > 1)
    throw unavailable(
      selectorReadiness(
        'ambiguous_selector',
        selector,
        named.map(({ id, path }) => `${id} (${path})`),
      ),
    );
  if (named[0] !== undefined) return named[0];
  const path = resolve(base, selector);
  const holder = all.find((one) => isWithin(one.path, path));
  if (holder === undefined) {
    const candidates = all.map(({ name }) => name);
    throw unavailable(selectorReadiness('unregistered_repository', selector, candidates));
  }
  // A worktree that lies inside a repository is another checkout, with content of its own.
  const tree = readGitHead(path);
  if (tree?.mainTree !== undefined && readGitHead(holder.path)?.mainTree === undefined)
    throw unavailable(selectorReadiness('unsupported_worktree', selector, [holder.name]));
  return holder;
}

async function findHolder(chosen: readonly Repository[], path: string): Promise<Repository | undefined> {
  for (const one of chosen) {
    const found = await lstat(join(one.path, path)).catch(() => undefined);
    if (found !== undefined) return one;
  }
  return undefined;
}

function isWithin(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

function relativePath(root: string, path: string): string {
  return path === root ? '' : path.slice(root.length + (root.endsWith(sep) ? 0 : 1)).replaceAll(sep, '/');
}

function outside(path: string): CodeRefusal {
  return new CodeRefusal(
    'path_outside_allowed_roots',
    `The path ${path} lies outside the repositories of this server; give one within them.`,
  );
}

/** Basename of a path, as the name of its repository. */
export function repositoryName(path: string): string {
  return basename(path) === '' ? path : basename(path);
}

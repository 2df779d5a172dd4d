// The code pack: one set of open indexes for the process, and the tools of each server over its own repositories.
import { realpathSync, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { AuditLog } from '../../gate/audit/audit.ts';
import type { Store } from '../../store/store.ts';
import type { Log } from '../../telemetry/log.ts';
import type { CodeTool } from './code-tool.ts';
import type { AddedCommandDeps } from './repositories/added-commands.ts';
import { type AddedRepositories, openAddedRepositories } from './repositories/added-repositories.ts';
import { indexRecords } from './repositories/index-record.ts';
import { createIndexRegistry, type IndexRegistry, type IndexWish } from './repositories/index-registry.ts';
import { repositoryId, repositoryName } from './repositories/repositories.ts';
import { serveRepositories } from './repositories/server-repositories.ts';
import { addedTools } from './tools/added-tools.ts';
import { dependenciesTool } from './tools/dependencies-tool.ts';
import { guidanceTool } from './tools/guidance-tool.ts';
import { indexTools } from './tools/index-tools.ts';
import { listTool } from './tools/list-tool.ts';
import { lookupTool } from './tools/lookup-tool.ts';
import { outlineTool } from './tools/outline-tool.ts';
import { referencesTool } from './tools/references-tool.ts';
import { statsTool, statusTools } from './tools/repository-tools.ts';
import { searchCodeTool } from './tools/search-code.ts';

/** The options of the pack in a definition. */
export interface CodePackOptions extends IndexWish {
  readonly paths: readonly string[];
  readonly serveStale: boolean;
  /** What callers may add; absent: what is usual. */
  readonly references?: ReferenceOptions;
}

/** What callers may add to what is searched. */
export interface ReferenceOptions {
  /** False: the tools about repositories are not there. */
  readonly enabled: boolean;
  /** Folders below which callers may add, besides those of the server. */
  readonly roots: readonly string[];
  /** Hosts that may be cloned from. */
  readonly gitHosts: readonly string[];
  /** Days that a repository stays where its caller names none. */
  readonly days: number;
}

const USUAL_REFERENCES: ReferenceOptions = { enabled: true, roots: [], gitHosts: [], days: 30 };

/** What the pack works with. */
export interface CodePackDeps {
  /** Where the product keeps its state; the indexes are in its folder `code`. */
  readonly stateDirectory: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly egress: AddedCommandDeps['egress'];
  /** Of the process. */
  readonly environment: AddedCommandDeps['environment'];
  /** Absent where nothing is recorded. */
  readonly audit?: Pick<AuditLog, 'record'>;
}

/** The pack as one server has it; closed with the server's plan. */
export interface ServedCode {
  readonly tools: readonly CodeTool[];
  /** What adding and removing repositories works with, for routes. */
  readonly commands: AddedCommandDeps;
  close(): Promise<void>;
}

/** The pack of the process. */
export interface CodePack {
  /** Throws an Error for the author of the definition when a path is no folder. */
  serve(options: CodePackOptions, baseDirectory: string): ServedCode;
  close(): Promise<void>;
}

/** Opens no index until a server asks. Rejects when the store cannot be read. */
export async function createCodePack(deps: CodePackDeps): Promise<CodePack> {
  const added = await openAddedRepositories(deps);
  const registry = createIndexRegistry({ ...deps, records: indexRecords(deps.store) });
  return {
    serve: (options, baseDirectory) => serveCode({ options, baseDirectory }, { ...deps, added, registry }),
    async close() {
      added.close();
      await registry.close();
    },
  };
}

function serveCode(
  { options, baseDirectory: base }: { readonly options: CodePackOptions; readonly baseDirectory: string },
  deps: CodePackDeps & { readonly added: AddedRepositories; readonly registry: IndexRegistry },
): ServedCode {
  const { added, registry } = deps;
  const { serveStale, references = USUAL_REFERENCES } = options;
  const paths = [...new Set(options.paths.map((path) => folderOf(path, { base, key: 'paths' })))];
  const roots = references.roots.map((path) => folderOf(path, { base, key: 'references.roots' }));
  const uses = paths.map((path) => ({ path, use: registry.acquire(path, options) }));
  const local = uses.map(({ path, use: { index, symbols } }) => {
    const named = { id: repositoryId(path), name: repositoryName(path), path, type: 'local' as const };
    return { ...named, index, symbols };
  });
  const repositories = serveRepositories({
    ...{ local, added, registry, wish: options, base, serveStale },
    log: deps.log,
  });
  const { of } = repositories;
  const commands = { ...deps, hosts: references.gitHosts, roots: [...paths, ...roots], local: paths, base };
  return {
    commands,
    tools: [
      searchCodeTool(of),
      lookupTool(of),
      referencesTool(of),
      outlineTool(of),
      dependenciesTool(of),
      ...(references.enabled
        ? [
            listTool(of),
            statsTool(of),
            ...addedTools({ commands, repositoriesOf: of, days: references.days }),
          ]
        : []),
      ...statusTools(of),
      guidanceTool(),
      ...indexTools(of),
    ],
    async close() {
      await Promise.all([repositories.close(), ...uses.map(({ use }) => use.release())]);
    },
  };
}

/** The real folder behind a path, so that one tree has one index whatever it is called. */
function folderOf(path: string, { base, key }: { readonly base: string; readonly key: string }): string {
  const absolute = isAbsolute(path) ? resolve(path) : join(base, path);
  const found = statSync(absolute, { throwIfNoEntry: false });
  if (found?.isDirectory() !== true)
    throw new Error(`packs.code.${key}: ${path} is no folder; name one that exists.`);
  return realpathSync(absolute);
}

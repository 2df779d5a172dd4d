// The code pack: one set of open indexes for the process, and the tools of each server over its own repositories.
import { realpathSync, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { AuditLog } from '../../gate/audit/audit.ts';
import { createEmbedder, type EmbedderDeps } from '../../models/embedder.ts';
import type { Store } from '../../store/store.ts';
import type { Log } from '../../telemetry/log.ts';
import { type CodeMeter, SILENT_METER } from '../../telemetry/metrics/code-meter.ts';
import type { Resource, ResourceTemplate } from '../../tool.ts';
import type { CodeTool } from './code-tool.ts';
import type { AddedCommandDeps } from './repositories/added-commands.ts';
import { sweepAdded } from './repositories/added-files.ts';
import {
  type AddedRepositories,
  addedPlaces,
  openAddedRepositories,
} from './repositories/added-repositories.ts';
import { indexBytes } from './repositories/index-directory.ts';
import { type IndexRecords, indexRecords } from './repositories/index-record.ts';
import { createIndexRegistry, type IndexRegistry, type IndexWish } from './repositories/index-registry.ts';
import { createIndexStarts, type IndexStarts } from './repositories/index-starts.ts';
import { NODE_SEEN_MS, nodeOf, sayNodeIsThere } from './repositories/node.ts';
import { repositoryId, repositoryName } from './repositories/repositories.ts';
import { serveRepositories } from './repositories/server-repositories.ts';
import { repeat } from './repositories/timing.ts';
import { codeResources } from './resources/code-resources.ts';
import type { SemanticOptions } from './semantic/semantic-options.ts';
import { addedTools } from './tools/added-tools.ts';
import { createAnswerCache } from './tools/answer-cache.ts';
import { dependenciesTool } from './tools/dependencies-tool.ts';
import { guidanceTool } from './tools/guidance-tool.ts';
import { indexTools } from './tools/index-tools.ts';
import { listTool } from './tools/list-tool.ts';
import { lookupTool } from './tools/lookup-tool.ts';
import { outlineTool } from './tools/outline-tool.ts';
import { referencesTool } from './tools/references-tool.ts';
import { statsTool, statusTools } from './tools/repository-tools.ts';
import { searchCodeTool } from './tools/search-code.ts';
import type { SearchDeps } from './tools/search-deps.ts';

/** The options of the pack in a definition. */
export interface CodePackOptions extends IndexWish {
  readonly paths: readonly string[];
  readonly serveStale: boolean;
  /** False: there are no `code://` resources. */
  readonly resources?: boolean;
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

const NO_RESOURCES = { resources: [], resourceTemplates: [] };
const USUAL_REFERENCES: ReferenceOptions = { enabled: true, roots: [], gitHosts: [], days: 30 };

/** What the pack works with. */
export interface CodePackDeps {
  /** Where the product keeps its state; the indexes are in its folder `code`. */
  readonly stateDirectory: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly egress: AddedCommandDeps['egress'] & EmbedderDeps['egress'];
  /** What is told of questions to models, and what takes secrets out of what they say. */
  readonly models: Omit<EmbedderDeps, 'egress' | 'clock'>;
  /** Of the process. */
  readonly environment: AddedCommandDeps['environment'];
  /** Absent where nothing is counted. */
  readonly meter?: CodeMeter;
  /** Absent where nothing is recorded. */
  readonly audit?: AuditLog;
}

/** The pack as one server has it; closed with the server's plan. */
export interface ServedCode {
  readonly tools: readonly CodeTool[];
  readonly resources: readonly Resource[];
  readonly resourceTemplates: readonly ResourceTemplate[];
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
  const { store, clock, log, stateDirectory } = deps;
  const added = await openAddedRepositories(deps);
  const { meter = SILENT_METER } = deps;
  const node = nodeOf(stateDirectory);
  const records = indexRecords(store, node);
  const embedderOf = (options: SemanticOptions) =>
    createEmbedder(options, { ...deps.models, egress: deps.egress });
  const registry = createIndexRegistry({ ...deps, meter, embedderOf, records });
  const search = { meter, cache: createAnswerCache(meter) };
  const starts = createIndexStarts(clock);
  const stops = [
    meter.watchQueue(() => registry.all().reduce((sum, { index }) => sum + index.queued, starts.waiting)),
    meter.watchBytes(() => sizesOf(registry)),
    keepNode({ node, added, store, clock, log, stateDirectory }),
  ];
  return {
    serve: (options, baseDirectory) =>
      serveCode({ options, baseDirectory }, { ...deps, added, registry, search, records, starts }),
    async close() {
      for (const stop of stops) stop();
      added.close();
      await registry.close();
    },
  };
}

/** Two uses by other wishes may share the files of an index. */
function sizesOf(registry: IndexRegistry) {
  const byFolder = new Map(registry.all().map(({ type, index }) => [index.directory, type]));
  return [...byFolder].map(([directory, type]) => ({ type, bytes: indexBytes(directory) }));
}

/** What every node does for itself: says that it is there, and removes files of what is gone. */
function keepNode(
  deps: Pick<CodePackDeps, 'store' | 'clock' | 'log' | 'stateDirectory'> & {
    readonly node: string;
    readonly added: AddedRepositories;
  },
): () => void {
  const { node, added, store, clock, log } = deps;
  const places = addedPlaces(deps.stateDirectory);
  const inBackground = (message: string, work: () => Promise<unknown>) =>
    work().catch((error: unknown) => log.warn({ error }, message));
  const sayThere = () =>
    inBackground('The store was not told of this node.', () => sayNodeIsThere(store, node, clock));
  const sweep = () =>
    inBackground('Files of removed repositories were not removed.', () =>
      sweepAdded(places, added.all(), clock.now()),
    );
  void sayThere();
  void sweep();
  const stops = [repeat(clock, NODE_SEEN_MS, sayThere), added.onChange(() => void sweep())];
  return () => {
    for (const stop of stops) stop();
  };
}

interface ServeDeps extends CodePackDeps {
  readonly added: AddedRepositories;
  readonly registry: IndexRegistry;
  readonly search: SearchDeps;
  readonly records: IndexRecords;
  readonly starts: IndexStarts;
}

function serveCode(
  { options, baseDirectory: base }: { readonly options: CodePackOptions; readonly baseDirectory: string },
  deps: ServeDeps,
): ServedCode {
  const { added, registry, search } = deps;
  const { serveStale, references = USUAL_REFERENCES } = options;
  const paths = [...new Set(options.paths.map((path) => folderOf(path, { base, key: 'paths' })))];
  const roots = references.roots.map((path) => folderOf(path, { base, key: 'references.roots' }));
  const uses = paths.map((path) => ({ path, use: registry.acquire(path, options) }));
  const local = uses.map(({ path, use: { index, symbols, meaning } }) => {
    const named = { id: repositoryId(path), name: repositoryName(path), path, type: 'local' as const };
    return { ...named, index, symbols, ...(meaning === undefined ? {} : { meaning }) };
  });
  const repositories = serveRepositories({
    ...{ local, added, registry, wish: options, base, serveStale },
    log: deps.log,
    places: addedPlaces(deps.stateDirectory),
    clone: { ...deps, hosts: references.gitHosts },
  });
  const { of } = repositories;
  const commands = { ...deps, hosts: references.gitHosts, roots: [...paths, ...roots], local: paths, base };
  return {
    commands,
    ...(options.resources === false ? NO_RESOURCES : codeResources({ ...deps, of, local })),
    tools: [
      searchCodeTool(of, search),
      lookupTool(of, search),
      referencesTool(of, search),
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
      ...indexTools(of, deps),
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

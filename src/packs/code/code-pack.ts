// The code pack: one set of open indexes for the process, and the tools of each server over its own repositories.
import { realpathSync, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { Store } from '../../store/store.ts';
import type { Log } from '../../telemetry/log.ts';
import type { CodeTool } from './code-tool.ts';
import { indexRecords } from './repositories/index-record.ts';
import { createIndexRegistry, type IndexUse, type IndexWish } from './repositories/index-registry.ts';
import { createRepositories, repositoryId, repositoryName } from './repositories/repositories.ts';
import { dependenciesTool } from './tools/dependencies-tool.ts';
import { indexTools } from './tools/index-tools.ts';
import { lookupTool } from './tools/lookup-tool.ts';
import { outlineTool } from './tools/outline-tool.ts';
import { referencesTool } from './tools/references-tool.ts';
import { repositoryTools } from './tools/repository-tools.ts';
import { searchCodeTool } from './tools/search-code.ts';

/** The options of the pack in a definition. */
export interface CodePackOptions extends IndexWish {
  readonly paths: readonly string[];
  readonly serveStale: boolean;
}

/** What the pack works with. */
export interface CodePackDeps {
  /** Where the product keeps its state; the indexes are in its folder `code`. */
  readonly stateDirectory: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}

/** The pack as one server has it; closed with the server's plan. */
export interface ServedCode {
  readonly tools: readonly CodeTool[];
  close(): Promise<void>;
}

/** The pack of the process. */
export interface CodePack {
  /** Throws an Error for the author of the definition when a path is no folder. */
  serve(options: CodePackOptions, baseDirectory: string): ServedCode;
  close(): Promise<void>;
}

/** Opens nothing until a server asks. */
export function createCodePack(deps: CodePackDeps): CodePack {
  const registry = createIndexRegistry({ ...deps, records: indexRecords(deps.store) });
  return {
    serve(options, baseDirectory) {
      const paths = [...new Set(options.paths.map((path) => folderOf(path, baseDirectory)))];
      const uses: IndexUse[] = paths.map((path) => registry.acquire(path, options));
      const all = paths.flatMap((path, at) => {
        const use = uses[at];
        if (use === undefined) return [];
        const { index, symbols } = use;
        const named = { id: repositoryId(path), name: repositoryName(path), path, type: 'local' as const };
        return [{ ...named, index, symbols }];
      });
      const repositories = createRepositories(all, { base: baseDirectory, serveStale: options.serveStale });
      return {
        tools: [
          searchCodeTool(repositories),
          lookupTool(repositories),
          referencesTool(repositories),
          outlineTool(repositories),
          dependenciesTool(repositories),
          ...repositoryTools(repositories),
          ...indexTools(repositories),
        ],
        async close() {
          await Promise.all(uses.map((use) => use.release()));
        },
      };
    },
    close: registry.close,
  };
}

/** The real folder behind a path, so that one tree has one index whatever it is called. */
function folderOf(path: string, baseDirectory: string): string {
  const absolute = isAbsolute(path) ? resolve(path) : join(baseDirectory, path);
  const found = statSync(absolute, { throwIfNoEntry: false });
  if (found?.isDirectory() !== true)
    throw new Error(`packs.code.paths: ${path} is no folder; name one that exists.`);
  return realpathSync(absolute);
}

// repository_stats, get_status and list_plugins: what there is to search, and its state.
import type { JsonObject } from '../../../tool.ts';
import { type CodeTool, createCodeTool, dataAnswer, refusing } from '../code-tool.ts';
import type { FileRecord } from '../index/store/file-record.ts';
import { LANGUAGES, languageOf } from '../languages.ts';
import {
  type RepositoriesOf,
  type Repository,
  readinessOf,
  toRefusal,
} from '../repositories/repositories.ts';
import { PARSED_LANGUAGES, SCANNED_LANGUAGES } from '../symbols/grammars.ts';

/** Files named in a breakdown. */
const LARGEST_MAX = 10;

const REPOSITORY: JsonObject = { type: 'string', description: 'Name, id or path.', maxLength: 1000 };

/** Makes the tools over the repositories of one server. */
export function statusTools(repositoriesOf: RepositoriesOf): readonly CodeTool[] {
  return [statusTool(repositoriesOf), pluginsTool()];
}

/** Makes repository_stats. */
export function statsTool(repositoriesOf: RepositoriesOf): CodeTool {
  return createCodeTool({
    name: 'repository_stats',
    title: 'Repository statistics',
    description: 'Files, sizes and languages of one repository or of all.',
    properties: {
      repository_id: REPOSITORY,
      include_breakdown: {
        type: 'boolean',
        default: true,
        description: 'Languages, file types, largest files.',
      },
    },
    result: {
      repository: { type: 'string' },
      file_count: { type: 'integer' },
      total_size: { type: 'integer' },
      symbol_count: { type: 'integer' },
      symbols_by_language: { type: 'object' },
      embedding_count: { type: 'integer' },
      not_indexed: { type: 'object' },
      breakdown: { type: 'object' },
      repositories: { type: 'array' },
      summary: { type: 'object' },
    },
    optionalResult: [
      'repository',
      'file_count',
      'total_size',
      'symbol_count',
      'symbols_by_language',
      'embedding_count',
      'not_indexed',
      'breakdown',
      'repositories',
      'summary',
    ],
    kind: 'read',
    run: refusing(async (call) => {
      const { args } = call;
      const withBreakdown = args.include_breakdown !== false;
      const chosen = await repositoriesOf(call).select(text(args.repository_id));
      const stats = await Promise.all(chosen.map((one) => statsWithSymbols(one, withBreakdown)));
      if (args.repository_id !== undefined && stats[0] !== undefined) return dataAnswer(stats[0]);
      const sum = (of: (one: RepositoryStats) => number) => stats.reduce((total, one) => total + of(one), 0);
      return dataAnswer({
        repositories: stats,
        summary: {
          total_repositories: stats.length,
          by_type: Object.fromEntries(
            [...Map.groupBy(chosen, ({ type }) => type)].map(([type, own]) => [type, own.length]),
          ),
          temporary_count: chosen.filter(({ added }) => added !== undefined).length,
          languages: [
            ...new Set(stats.flatMap(({ breakdown }) => Object.keys(breakdown?.languages ?? {}))),
          ].sort(),
          total_files: sum((one) => one.file_count),
          total_size: sum((one) => one.total_size),
        },
      });
    }),
  });
}

function statusTool(repositoriesOf: RepositoriesOf): CodeTool {
  return createCodeTool({
    name: 'get_status',
    title: 'Status of the code index',
    description: 'Whether the code index is ready, per repository, and what to do where it is not.',
    properties: {},
    result: {
      status: { type: 'string' },
      features: { type: 'object' },
      repositories: { type: 'array' },
    },
    kind: 'read',
    run: refusing(async (call) => {
      const { all } = repositoriesOf(call);
      const states = await Promise.all(
        all.map(async (one) => ({
          ...readinessOf(one, await one.index.status()),
          ...(one.meaning === undefined ? {} : { semantic: one.meaning.status }),
        })),
      );
      const meanings = all.flatMap(({ meaning }) => (meaning === undefined ? [] : [meaning.status.state]));
      return dataAnswer({
        status: states.every(({ ready }) => ready) ? 'ready' : 'not_ready',
        features: {
          literal: true,
          regex: true,
          fuzzy: true,
          symbols: true,
          semantic:
            meanings.length === 0
              ? 'enrichment_unavailable'
              : (meanings.find((state) => state !== 'ready') ?? 'ready'),
        },
        repositories: states,
      });
    }),
  });
}

function pluginsTool(): CodeTool {
  return createCodeTool({
    name: 'list_plugins',
    title: 'List languages',
    description: 'The languages that are known, and of which symbols are: text search works in all of them.',
    properties: {},
    result: {
      supported_languages: { type: 'array' },
      loaded_plugins: { type: 'array' },
      plugin_availability: { type: 'array' },
      availability_counts: { type: 'object' },
    },
    kind: 'read',
    run: refusing(() => {
      const availability = LANGUAGES.map(({ id }) => {
        const parser = parserOf(id);
        return { language: id, state: parser === null ? 'missing' : 'enabled', parser };
      });
      return Promise.resolve(
        dataAnswer({
          supported_languages: LANGUAGES.map(({ id }) => id),
          loaded_plugins: [...PARSED_LANGUAGES, ...SCANNED_LANGUAGES],
          plugin_availability: availability,
          availability_counts: {
            enabled: availability.filter(({ state }) => state === 'enabled').length,
            missing: availability.filter(({ state }) => state === 'missing').length,
          },
        }),
      );
    }),
  });
}

/** How the symbols of a language are read; null: they are not. */
function parserOf(language: string): 'tree-sitter' | 'patterns' | null {
  if (PARSED_LANGUAGES.includes(language)) return 'tree-sitter';
  return SCANNED_LANGUAGES.includes(language) ? 'patterns' : null;
}

/** Counting symbols reads the facts of every file, so it is part of the breakdown. */
async function statsWithSymbols(repository: Repository, withBreakdown: boolean) {
  const stats = {
    ...(await statsOf(repository, withBreakdown)),
    embedding_count: repository.meaning?.status.chunks ?? 0,
  };
  if (!withBreakdown) return stats;
  const { symbols, byLanguage } = await repository.symbols.counts();
  return { ...stats, symbol_count: symbols, symbols_by_language: byLanguage };
}

/** What is counted of a repository. */
export interface RepositoryStats {
  readonly repository: string;
  readonly file_count: number;
  /** Bytes of the searchable files on disk, each file once. */
  readonly total_size: number;
  /** Files that are known and not searched, by reason. */
  readonly not_indexed: Readonly<Record<string, number>>;
  readonly breakdown?: { readonly languages: Readonly<Record<string, number>> } & JsonObject;
}

/** Files and bytes of a repository, each file once. */
export async function statsOf(repository: Repository, withBreakdown: boolean): Promise<RepositoryStats> {
  let files: readonly FileRecord[];
  try {
    files = await repository.index.text.files();
  } catch (error) {
    throw await toRefusal(error, repository);
  }
  const searchable = files.filter(({ status }) => status === 'indexed');
  const others = files.filter(({ status }) => status !== 'indexed');
  return {
    repository: repository.name,
    file_count: searchable.length,
    total_size: searchable.reduce((sum, { size }) => sum + size, 0),
    not_indexed: countBy(others, ({ status }) => status),
    ...(withBreakdown
      ? {
          breakdown: {
            languages: countBy(searchable, ({ path }) => languageOf(path)),
            file_types: countBy(searchable, ({ path }) => /\.[^./]+$/.exec(path)?.[0] ?? ''),
            largest_files: searchable
              .toSorted((a, b) => b.size - a.size)
              .slice(0, LARGEST_MAX)
              .map(({ path, size }) => ({ path, size })),
          },
        }
      : {}),
  };
}

function countBy(files: readonly FileRecord[], keyOf: (file: FileRecord) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const file of files) counts[keyOf(file)] = (counts[keyOf(file)] ?? 0) + 1;
  return counts;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

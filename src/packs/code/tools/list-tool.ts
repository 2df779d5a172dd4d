// list_repositories: what the caller can search, how large it is, whether it is ready, and how long it stays.
import type { JsonObject } from '../../../tool.ts';
import { type CodeTool, createCodeTool, dataAnswer, refusing } from '../code-tool.ts';
import { findLanguage } from '../languages.ts';
import { ADDED_TYPES, DAY_MS } from '../repositories/added-repositories.ts';
import type { RepositoryRow } from '../repositories/added-statements.ts';
import { type RepositoriesOf, type Repository, readinessOf } from '../repositories/repositories.ts';
import { statsOf } from './repository-tools.ts';

const TYPES = ['local', ...ADDED_TYPES];

/** Makes the tool over the repositories of one server. */
export function listTool(repositoriesOf: RepositoriesOf): CodeTool {
  return createCodeTool({
    name: 'list_repositories',
    title: 'List repositories',
    description:
      'The repositories that can be searched, with their sizes, whether their index is ready, and how long they stay.',
    properties: {
      type: { type: 'string', enum: TYPES, description: 'Only repositories of this type.' },
      temporary_only: {
        type: 'boolean',
        default: false,
        description: 'Only those that are removed some day.',
      },
      language: {
        type: 'string',
        description: 'Only repositories whose main language this is.',
        maxLength: 40,
      },
      include_stats: { type: 'boolean', default: true, description: 'Counts and sizes.' },
    },
    result: {
      repositories: { type: 'array', items: { type: 'object' } },
      grouped_by_type: { type: 'object' },
      total_count: { type: 'integer' },
      temporary_count: { type: 'integer' },
      types: { type: 'array' },
    },
    kind: 'read',
    run: refusing(async (call) => {
      const { args } = call;
      const wanted = typeof args.language === 'string' ? args.language : undefined;
      const language = wanted === undefined ? undefined : (findLanguage(wanted)?.id ?? wanted);
      const considered = repositoriesOf(call).all.filter(
        ({ type, added }) =>
          (args.type === undefined || type === args.type) &&
          (args.temporary_only !== true || added !== undefined),
      );
      const described = await Promise.all(
        considered.map((one) => describe(one, { withStats: args.include_stats !== false })),
      );
      const kept = described.filter((one) => language === undefined || one.language === language);
      return dataAnswer({
        repositories: kept,
        grouped_by_type: Object.fromEntries(
          [...Map.groupBy(kept, ({ type }) => type)].map(([type, own]) => [
            type,
            own.map(({ name }) => name),
          ]),
        ),
        total_count: kept.length,
        temporary_count: kept.filter(({ temporary }) => temporary).length,
        types: [...new Set(kept.map(({ type }) => type))],
      });
    }),
  });
}

/** What is said of the life of an added repository (spec code §3). */
export function lifeOf({ cleanup_after }: RepositoryRow, now: number) {
  return {
    temporary: true,
    cleanup_after: new Date(cleanup_after).toISOString(),
    days_remaining: Math.max(0, Math.ceil((cleanup_after - now) / DAY_MS)),
  };
}

const STAYS = { temporary: false, cleanup_after: null, days_remaining: null };

/** What is told of one repository. */
export async function describe(repository: Repository, options: { readonly withStats: boolean }) {
  const { added } = repository;
  const status = await repository.index.status();
  const isBuilt = (status.record?.generation ?? 0) > 0;
  const stats = options.withStats && isBuilt ? await statsOf(repository, true) : undefined;
  const languages = Object.entries(stats?.breakdown?.languages ?? {});
  const at = status.record?.indexedAt ?? null;
  return {
    id: repository.id,
    name: repository.name,
    path: repository.path,
    type: repository.type,
    language: added?.language ?? languages.toSorted((a, b) => b[1] - a[1])[0]?.[0] ?? null,
    ...(added === undefined ? STAYS : { ...lifeOf(added, Date.now()), ...toldOf(added) }),
    ...(stats === undefined ? {} : { file_count: stats.file_count, total_size: stats.total_size }),
    last_indexed: at === null ? null : new Date(at).toISOString(),
    readiness: readinessOf(repository, status),
  };
}

function toldOf({ purpose, project, description, metadata, url, branch }: RepositoryRow): JsonObject {
  const parsed: unknown = JSON.parse(metadata);
  return { purpose, project_name: project, description, metadata: parsed, url, branch };
}

// index_file (reindex) and index_project: bring the index up to date on request, visible before they answer.
import type { Call, JsonObject } from '../../../tool.ts';
import { CodeRefusal, type CodeTool, createCodeTool, dataAnswer, refusing } from '../code-tool.ts';
import type { BuildReport } from '../index/build-report.ts';
import { TextIndexError } from '../index/text-index-error.ts';
import {
  type Repositories,
  type RepositoriesOf,
  type Repository,
  readinessOf,
  unavailable,
} from '../repositories/repositories.ts';

/** Indexing a large repository for the first time takes minutes. */
const TIMEOUT_MS = 600_000;

const PATH: JsonObject = { type: 'string', minLength: 1, maxLength: 4096 };
const REPORT: JsonObject = {
  repository: { type: 'string' },
  path: { type: 'string' },
  force: { type: 'boolean' },
  statistics: { type: 'object' },
  mutation_performed: { type: 'boolean' },
  readiness: { type: 'object' },
};

/** Makes both tools over the repositories of one server. */
export function indexTools(repositoriesOf: RepositoriesOf): readonly CodeTool[] {
  return [
    createCodeTool({
      name: 'index_file',
      aliases: ['reindex'],
      title: 'Index files',
      description:
        'Brings a file or folder of a repository up to date in the index; without a path all of it.',
      properties: {
        path: { ...PATH, description: 'File or folder: absolute, or relative to its repository.' },
        repository: { ...PATH, description: 'Name, id or path of the repository.' },
        force: { type: 'boolean', default: false, description: 'Builds the index of the repository anew.' },
      },
      result: REPORT,
      kind: 'write',
      timeoutMs: TIMEOUT_MS,
      run: refusing(async (call) => {
        const { args } = call;
        const repositories = repositoriesOf(call);
        const selector = text(args.repository);
        if (args.path === undefined) return indexAll(await onlyOne(repositories, selector), call);
        const { repository, path } = await repositories.locate(String(args.path), selector);
        if (path === '' || args.force === true) return indexAll(repository, call);
        return report(repository, path, call, () => repository.index.update([path]));
      }),
    }),
    createCodeTool({
      name: 'index_project',
      title: 'Index a repository',
      description: 'Brings the index of a whole repository up to date; only changed files are read.',
      properties: {
        path: { ...PATH, description: 'Name, id or path of the repository; default the only one.' },
        force_rebuild: { type: 'boolean', default: false, description: 'Builds the index anew.' },
      },
      result: { ...REPORT, source: { type: 'string', enum: ['built', 'current'] } },
      kind: 'write',
      timeoutMs: TIMEOUT_MS,
      run: refusing(async (call) =>
        indexAll(await onlyOne(repositoriesOf(call), text(call.args.path)), call),
      ),
    }),
  ];
}

async function onlyOne(repositories: Repositories, selector: string | undefined): Promise<Repository> {
  const chosen = await repositories.select(selector);
  const [first, second] = selector === undefined ? chosen.filter(({ type }) => type === 'local') : chosen;
  if (first !== undefined && second === undefined) return first;
  throw new CodeRefusal('invalid_arguments', 'There are several repositories; name the one that is meant.', {
    repositories: repositories.all.map(({ name }) => name),
  });
}

function indexAll(repository: Repository, call: Call) {
  const force = call.args.force === true || call.args.force_rebuild === true;
  return report(repository, '', call, () => repository.index.build({ force }));
}

async function report(
  repository: Repository,
  path: string,
  { args, client }: Call,
  run: () => Promise<BuildReport>,
) {
  client.progress?.(0, 1, `Indexing ${repository.name}`);
  const done = await run().catch(async (error: unknown) => {
    if (!(error instanceof TextIndexError)) throw error;
    if (error.code === 'index_locked')
      throw unavailable(readinessOf(repository, await repository.index.status()));
    throw new CodeRefusal('reindex_failed', error.message);
  });
  client.progress?.(1, 1, `Indexed ${repository.name}`);
  const changed = done.filesRead + done.filesRemoved;
  return dataAnswer({
    repository: repository.name,
    path,
    force: args.force === true || args.force_rebuild === true,
    source: changed === 0 ? 'current' : 'built',
    statistics: {
      generation: done.generation,
      unchanged_files: done.filesUnchanged,
      read_files: done.filesRead,
      parsed_files: done.filesParsed,
      removed_files: done.filesRemoved,
      parsed_bytes: done.bytesParsed,
      total_time_seconds: Math.round(done.elapsedMs) / 1000,
    },
    mutation_performed: changed > 0,
    readiness: readinessOf(repository, await repository.index.status()),
  });
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

// index_file (reindex) and index_project: bring the index up to date on request, visible before they answer.
import { audited } from '../../../gate/actor.ts';
import type { AuditLog } from '../../../gate/audit/audit.ts';
import type { JsonObject, Reconcile } from '../../../tool.ts';
import {
  actorOf,
  type CodeCall,
  CodeRefusal,
  type CodeTool,
  createCodeTool,
  dataAnswer,
  refusing,
} from '../code-tool.ts';
import type { BuildProgress, BuildReport } from '../index/build-report.ts';
import type { FileNarrowing } from '../index/file-changes.ts';
import { TextIndexError } from '../index/text-index-error.ts';
import { type DescribeDeps, describing } from '../repositories/describe-repository.ts';
import type { IndexStarts } from '../repositories/index-starts.ts';
import {
  type Repositories,
  type RepositoriesOf,
  type Repository,
  readinessOf,
  unavailable,
} from '../repositories/repositories.ts';
import { indexChange } from '../repositories/repository-event.ts';
import { METADATA_PROPERTIES } from './add-properties.ts';
import { describeRun } from './index-report.ts';

/** Indexing a large repository for the first time takes minutes. */
const TIMEOUT_MS = 600_000;

const PATH: JsonObject = { type: 'string', minLength: 1, maxLength: 4096 };
const REPORT: JsonObject = {
  operation_id: { type: 'string', description: 'Id of the request, as logs and the audit log have it.' },
  repository: { type: 'string' },
  path: { type: 'string' },
  force: { type: 'boolean' },
  recursive: { type: 'boolean' },
  statistics: { type: 'object' },
  progress: { type: 'object' },
  results: { type: 'array', maxItems: 100, items: { type: 'object' } },
  failed_files: { type: 'array', maxItems: 100, items: { type: 'object' } },
  insights: { type: 'object' },
  mutation_performed: { type: 'boolean' },
  readiness: { type: 'object' },
};

const PERCENT = 100;

/** Whatever became of a call: what is indexed already is not read again, so it may run once more. */
const runsAgain: Reconcile = () => Promise.resolve({ outcome: 'nothing' });

/** What both tools work with. */
export interface IndexToolsDeps extends DescribeDeps {
  readonly starts: IndexStarts;
  /** Absent where nothing is recorded. */
  readonly audit?: AuditLog;
}

/** Makes both tools over the repositories of one server. */
export function indexTools(repositoriesOf: RepositoriesOf, deps: IndexToolsDeps): readonly CodeTool[] {
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
        recursive: { type: 'boolean', default: true, description: 'False: not the folders in the folder.' },
        force: { type: 'boolean', default: false, description: 'Builds the index of the repository anew.' },
        file_pattern: {
          ...{ type: 'string', minLength: 1, maxLength: 500, default: '*' },
          description: 'Glob of the files that are meant; others stay as they are.',
        },
        exclude_patterns: {
          ...{ type: 'array', maxItems: 100, items: { type: 'string', minLength: 1, maxLength: 500 } },
          description: 'Files and folders that are left out, as in an ignore file.',
        },
        repository_metadata: {
          type: 'object',
          properties: METADATA_PROPERTIES,
          additionalProperties: false,
          description: 'What is known of an added repository from now on; what is not named stays.',
        },
      },
      result: { ...REPORT, repository_metadata: { type: 'object' } },
      optionalResult: ['repository_metadata'],
      kind: 'write',
      timeoutMs: TIMEOUT_MS,
      reconcile: runsAgain,
      run: refusing(async (call) => dataAnswer(await indexFile(call, repositoriesOf(call), deps))),
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
      reconcile: runsAgain,
      run: refusing(async (call) => {
        const repository = await onlyOne(repositoriesOf(call), text(call.args.path));
        return dataAnswer(await indexInTurn(repository, call, deps));
      }),
    }),
  ];
}

async function indexFile(call: CodeCall, repositories: Repositories, deps: IndexToolsDeps) {
  const { args } = call;
  const selector = text(args.repository);
  const { repository, path } =
    args.path === undefined
      ? { repository: await onlyOne(repositories, selector), path: '' }
      : await repositories.locate(String(args.path), selector);
  const within = narrowingOf(args);
  // Refused before anything is indexed, and kept only of what was.
  const describe = describing(repository, args.repository_metadata, deps);
  const done =
    (path === '' && within === undefined) || args.force === true
      ? await indexInTurn(repository, call, deps)
      : await report({ repository, path, call, audit: deps.audit }, () =>
          repository.index.update([path], within),
        );
  return describe === undefined ? done : { ...done, repository_metadata: await describe(actorOf(call)) };
}

async function onlyOne(repositories: Repositories, selector: string | undefined): Promise<Repository> {
  const chosen = await repositories.select(selector);
  const [first, second] = selector === undefined ? chosen.filter(({ type }) => type === 'local') : chosen;
  if (first !== undefined && second === undefined) return first;
  throw new CodeRefusal('invalid_arguments', 'There are several repositories; name the one that is meant.', {
    repositories: repositories.all.map(({ name }) => name),
  });
}

/** The files may well answer; it is only that another one writes them. */
const OTHER_WRITER =
  'Another process writes the index; ask the server that runs on this data folder, or again in a few seconds.';

async function indexInTurn(repository: Repository, call: CodeCall, { starts, audit }: IndexToolsDeps) {
  const force = isForced(call);
  const endTurn = await starts.turn(call.signal);
  try {
    return await report({ repository, path: '', call, audit }, (onProgress) =>
      repository.index.build({ force, asked: true, onProgress }),
    );
  } finally {
    endTurn();
  }
}

/** Undefined where everything under the path is meant. */
function narrowingOf({ recursive, file_pattern, exclude_patterns }: JsonObject): FileNarrowing | undefined {
  const exclude = Array.isArray(exclude_patterns) ? exclude_patterns.map(String) : [];
  const pattern = file_pattern === '*' ? undefined : text(file_pattern);
  if (recursive !== false && pattern === undefined && exclude.length === 0) return undefined;
  return { isRecursive: recursive !== false, exclude, ...(pattern === undefined ? {} : { pattern }) };
}

function isForced({ args }: CodeCall): boolean {
  return args.force === true || args.force_rebuild === true;
}

/** One path of a repository that a call wants indexed. */
interface Wanted {
  readonly repository: Repository;
  /** Relative; empty: all of it. */
  readonly path: string;
  readonly call: CodeCall;
  readonly audit: AuditLog | undefined;
}

async function report(
  wanted: Wanted,
  run: (onProgress: (progress: BuildProgress) => void) => Promise<BuildReport>,
) {
  const { repository, path, call } = wanted;
  const { args, client, requestId } = call;
  const { name } = repository;
  const started = performance.now();
  client.progress?.(0, PERCENT, `Indexing ${name}`);
  const done = await onRecord(wanted, () =>
    run((progress) => client.progress?.(percentOf(progress), PERCENT, sayProgress(name, progress))),
  ).catch(async (error: unknown) => {
    if (!(error instanceof TextIndexError)) throw error;
    if (error.code === 'index_locked')
      throw unavailable(readinessOf(repository, await repository.index.status()), OTHER_WRITER);
    throw new CodeRefusal('reindex_failed', error.message);
  });
  client.progress?.(PERCENT, PERCENT, `Indexed ${name}`);
  const changed = done.filesRead + done.filesRemoved;
  const elapsedMs = performance.now() - started;
  return {
    operation_id: requestId,
    repository: repository.name,
    path,
    recursive: args.recursive !== false,
    force: isForced(call),
    source: changed === 0 ? 'current' : 'built',
    ...(await describeRun(repository, path, { report: done, elapsedMs })),
    mutation_performed: changed > 0,
    readiness: readinessOf(repository, await repository.index.status()),
  };
}

/** Written down first, where the door keeps no record of its calls: what cannot be, is not done. */
async function onRecord<Result>(
  { repository, path, call, audit }: Wanted,
  work: () => Promise<Result>,
): Promise<Result> {
  const { actor } = call;
  if (actor === undefined) return work();
  const { record } = await repository.index.status();
  const change = indexChange(actor.tenantId, repository.id, { record, path, force: isForced(call) });
  return audited(audit, actor, change, work);
}

/** Of what is to be read; how much that is, is only known once the tree was looked through. The last is said at the end. */
function percentOf({ done, total, isScanned }: BuildProgress): number {
  return isScanned && total > 0 ? Math.min(PERCENT - 1, Math.floor((PERCENT * done) / total)) : 0;
}

function sayProgress(name: string, { done, total }: BuildProgress): string {
  return `Indexing ${name}: ${done} of ${total} files`;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

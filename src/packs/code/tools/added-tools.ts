// add_reference_repository and cleanup_repositories: what callers bring to search beside their own code, for a time.
import type { JsonObject, Reconcile } from '../../../tool.ts';
import { actorOf, type CodeCall, type CodeTool, createCodeTool, dataAnswer, refusing } from '../code-tool.ts';
import {
  type AddedCommandDeps,
  addRepository,
  type CleanupChoice,
  chooseForCleanup,
  findAddedSince,
} from '../repositories/added-commands.ts';
import { ADDED_TYPES, type AddedType } from '../repositories/added-repositories.ts';
import type { RepositoryRow } from '../repositories/added-statements.ts';
import type { RepositoriesOf } from '../repositories/repositories.ts';
import { ADD_PROPERTIES } from './add-properties.ts';
import { lifeOf } from './list-tool.ts';

/** A clone may take ten minutes. */
const TIMEOUT_MS = 660_000;

/** What both tools work with. */
export interface AddedToolsDeps {
  readonly commands: AddedCommandDeps;
  readonly repositoriesOf: RepositoriesOf;
  /** Life in days where the caller names none. */
  readonly days: number;
}

/** Makes both tools. */
export function addedTools(deps: AddedToolsDeps): readonly CodeTool[] {
  return [addTool(deps), cleanupTool(deps)];
}

function addTool({ commands, repositoriesOf, days }: AddedToolsDeps): CodeTool {
  return createCodeTool({
    name: 'add_reference_repository',
    title: 'Add a reference repository',
    description:
      'Adds a folder or a git repository to what is searched, for a number of days: samples in another language, a library, the project to translate.',
    properties: {
      ...ADD_PROPERTIES,
      index: { type: 'boolean', default: true, description: 'False: indexed when it is first searched.' },
    },
    required: ['path'],
    result: {
      repository_id: { type: 'string' },
      repository: { type: 'object' },
      guidance: { type: 'object' },
      metadata_summary: { type: 'object' },
    },
    kind: 'write',
    timeoutMs: TIMEOUT_MS,
    reconcile: findAdded(commands, days),
    run: refusing(async (call) => {
      const row = await add(call, commands, days);
      // Opening it begins its index.
      if (call.args.index !== false) repositoriesOf(call);
      return dataAnswer(addedAnswer(row, commands.clock.now()));
    }),
  });
}

/** What the call added is there, or it added nothing: the rest of a clone that was cut off is removed anyway. */
function findAdded(commands: AddedCommandDeps, days: number): Reconcile {
  return async ({ args, principal, startedAt: since }) => {
    const row = await findAddedSince(principal.tenantId, toAddWish(args, days), { ...commands, since });
    if (row === undefined) return { outcome: 'nothing' };
    return { outcome: 'done', result: dataAnswer(addedAnswer(row, commands.clock.now())) };
  };
}

function add(call: CodeCall, commands: AddedCommandDeps, days: number) {
  const { args, signal, client } = call;
  client.progress?.(0, 1, `Adding ${String(args.path)}`);
  return addRepository(actorOf(call), toAddWish(args, days), { ...commands, signal });
}

/** The wish behind arguments of {@link ADD_PROPERTIES} that were checked. */
export function toAddWish(args: JsonObject, days: number) {
  const given = (key: string, name: string) => (typeof args[key] === 'string' ? { [name]: args[key] } : {});
  return {
    path: String(args.path),
    type: typeOf(args.type),
    purpose: typeof args.purpose === 'string' ? args.purpose : 'reference',
    days: typeof args.days_to_keep === 'number' ? args.days_to_keep : days,
    metadata: typeof args.metadata === 'object' && args.metadata !== null ? { ...args.metadata } : {},
    ...given('name', 'name'),
    ...given('language', 'language'),
    ...given('project_name', 'project'),
    ...given('description', 'description'),
    ...given('branch', 'branch'),
  };
}

function typeOf(value: unknown): AddedType {
  return ADDED_TYPES.find((type) => type === value) ?? 'reference';
}

/** What is answered of a repository that was added. */
export function addedAnswer(row: RepositoryRow, now: number) {
  const { id, name, path, type, language, purpose, url, branch } = row;
  return {
    repository_id: id,
    repository: { id, name, path, type, language, purpose, url, branch },
    guidance: {
      next_steps: [
        `Search it with search_code and repository: "${name}".`,
        'Compare it with your own code: search_code with request_type edit_preparation.',
        'While it is being indexed, searches over all repositories leave it out and say so.',
      ],
      search_examples: [
        { query: 'retry', search_type: 'hybrid', repository: name },
        { query: 'retry', repository_filter: { group_by_repository: true } },
      ],
      cleanup_options: [
        { repository_ids: [id], dry_run: true },
        { repository_types: [type], dry_run: true },
      ],
    },
    metadata_summary: { type, language, purpose, ...lifeOf(row, now) },
  };
}

function cleanupTool(deps: AddedToolsDeps): CodeTool {
  return createCodeTool({
    name: 'cleanup_repositories',
    title: 'Remove added repositories',
    description:
      'Removes repositories that were added: expired ones, by id, by type or by age. Folders that were not cloned stay as they are, only their index goes.',
    properties: {
      cleanup_expired: { type: 'boolean', default: true, description: 'Those whose time is over.' },
      repository_ids: { type: 'array', items: { type: 'string', maxLength: 100 }, maxItems: 100 },
      repository_types: { type: 'array', items: { type: 'string', enum: ADDED_TYPES }, maxItems: 3 },
      older_than_days: {
        type: 'integer',
        minimum: 1,
        maximum: 3650,
        description: 'Added at least so long ago.',
      },
      dry_run: { type: 'boolean', default: false, description: 'Only says what would be removed.' },
    },
    result: {
      expired_cleanup: { type: 'object' },
      manual_cleanup: { type: 'array' },
      type_cleanup: { type: 'array' },
      age_cleanup: { type: 'array' },
      total_removed: { type: 'object' },
      dry_run: { type: 'boolean' },
    },
    kind: 'destructive',
    run: refusing((call) => cleanUp(call, deps)),
  });
}

async function cleanUp(call: CodeCall, { commands, repositoriesOf }: AddedToolsDeps) {
  const { args, principal } = call;
  const wish = {
    expired: args.cleanup_expired !== false,
    ids: strings(args.repository_ids),
    types: strings(args.repository_types),
    olderThanDays: typeof args.older_than_days === 'number' ? args.older_than_days : undefined,
  };
  const choice = chooseForCleanup(principal.tenantId, wish, commands);
  const isDry = args.dry_run === true;
  // Counted before anything goes, so that a dry run and the real one say the same.
  const total_removed = await totalsOf(choice, { commands, countsOf: counter(repositoriesOf, call) });
  if (!isDry) for (const row of choice.all) await commands.added.remove(actorOf(call), row);
  return dataAnswer({
    expired_cleanup: {
      [isDry ? 'would_cleanup' : 'cleaned']: choice.expired.length,
      repositories: choice.expired.map(shown),
    },
    manual_cleanup: choice.manual.map(shown),
    type_cleanup: choice.byType.map(shown),
    age_cleanup: choice.byAge.map(shown),
    total_removed,
    dry_run: isDry,
  });
}

type Counter = (row: RepositoryRow) => Promise<{ readonly symbols: number; readonly embeddings: number }>;

/** Of expired repositories nothing is open any more, and what they hold is not read for the sake of a number. */
function counter(repositoriesOf: RepositoriesOf, call: CodeCall): Counter {
  const open = new Map(repositoriesOf(call).all.map((one) => [one.id, one]));
  return async ({ id }) => {
    const one = open.get(id);
    return {
      symbols: (await one?.symbols.counts())?.symbols ?? 0,
      embeddings: one?.meaning?.status.chunks ?? 0,
    };
  };
}

async function totalsOf(
  { all }: CleanupChoice,
  { commands, countsOf }: { readonly commands: AddedCommandDeps; readonly countsOf: Counter },
) {
  // References are found when asked for, and not kept.
  const total = { repositories: all.length, files: 0, symbols: 0, references: 0, embeddings: 0 };
  for (const row of all) {
    const { symbols, embeddings } = await countsOf(row);
    total.files += await commands.added.filesOf(row);
    total.symbols += symbols;
    total.embeddings += embeddings;
  }
  return total;
}

function shown({ id, name, type, path }: RepositoryRow) {
  return { id, name, type, path };
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

// Options of the built-in packs (spec servers §2.1).
import { any, array, boolean, integer, object, optional, string } from './vocabulary.ts';

/** What callers of the code pack may add. */
export const CodeReferences = object(
  'Repositories that callers add to what is searched, for a number of days.',
  {
    enabled: boolean(
      'Whether the tools about repositories are there: list_repositories, repository_stats, add_reference_repository, cleanup_repositories.',
      { fallback: true },
    ),
    roots: array(
      'Folders below which callers may add, besides the folders of `paths`; relative to the definition.',
      string('Path of a folder.', { minLength: 1, substitute: 'environment' }),
      { fallback: [], maxItems: 100 },
    ),
    gitHosts: array(
      'Hosts that may be cloned from over https; none when empty.',
      string('Host, or host and port.', { minLength: 1, examples: ['github.com'] }),
      { fallback: [], maxItems: 100 },
    ),
    days: integer('How long a repository stays where its caller does not say.', {
      minimum: 1,
      maximum: 365,
      fallback: 30,
    }),
  },
);

/** The code pack: which trees it searches, and how. */
export const CodePack = object(
  'Searches and explains source code.',
  {
    paths: array(
      'Folders to search, each a repository; relative to the definition.',
      string('Path of a folder.', { minLength: 1, substitute: 'environment', examples: ['.'] }),
      { fallback: ['.'], minItems: 1, maxItems: 100 },
    ),
    exclude: array(
      'Patterns in the syntax of `.gitignore`, relative to each folder, that no ignore file can undo.',
      string('Pattern.', { minLength: 1 }),
      { fallback: [] },
    ),
    hidden: boolean('Whether names that begin with a dot are searched.', { fallback: false }),
    maxFileSize: integer('Larger files are left out.', {
      unit: 'bytes',
      minimum: 1024,
      maximum: 1_073_741_824,
      fallback: 10_485_760,
    }),
    autoIndex: boolean('Indexes at start, and again what is stale or damaged.', { fallback: true }),
    watch: boolean('Follows changes of files and of the checked-out branch.', { fallback: true }),
    serveStale: boolean(
      'Answers also while the index is stale or being built, and says so; otherwise such a query is refused.',
      { fallback: false },
    ),
    references: optional(CodeReferences),
  },
  { trustedOnly: true },
);

/** Built-in tool packs by name. */
export const Packs = object(
  'Built-in tool packs, as a list of names or as a map from name to options.',
  {
    code: optional(CodePack),
    sql: optional(any('Options.')),
    jira: optional(any('Options.')),
    knowledge: optional(any('Options.')),
  },
  { examples: [{ code: { paths: ['.'] } }] },
);

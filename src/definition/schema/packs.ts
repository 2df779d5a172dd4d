// Options of the built-in packs (spec servers §2.1).
import { any, array, boolean, integer, number, object, optional, string } from './vocabulary.ts';

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

/** Search of source code by meaning. */
export const CodeSemantic = object(
  'Search by meaning, with an embedding model behind an OpenAI-compatible endpoint. The text of every searched file is sent to it.',
  {
    baseUrl: string('URL of the endpoint.', {
      format: 'uri',
      substitute: 'environment',
      examples: ['https://api.openai.com/v1', 'http://localhost:11434/v1'],
    }),
    model: string('Name of the model there.', {
      minLength: 1,
      substitute: 'environment',
      examples: ['text-embedding-3-small'],
    }),
    apiKey: optional(
      string('Key of the endpoint.', {
        secret: true,
        substitute: 'environment',
        storeVariables: true,
        examples: ['${OPENAI_API_KEY}'],
      }),
    ),
    dimension: optional(
      integer('Components of a vector, for models that have several; asked for and demanded.', {
        minimum: 1,
        maximum: 16_384,
      }),
    ),
    batchSize: integer('Texts of one request.', { minimum: 1, maximum: 2048, fallback: 100 }),
    timeout: integer('Milliseconds of one request, its repetitions included.', {
      unit: 'ms',
      minimum: 100,
      maximum: 600_000,
      fallback: 30_000,
    }),
    retries: integer('Extra attempts after connection errors, 429 and 5xx, as far as the timeout allows.', {
      minimum: 0,
      maximum: 10,
      fallback: 3,
    }),
    size: integer('Tokens (characters / 4) of a piece of text that gets a vector.', {
      minimum: 32,
      maximum: 8192,
      fallback: 512,
    }),
    overlap: integer('Tokens that a piece has in common with the one before, at most half of it.', {
      minimum: 0,
      maximum: 4096,
      fallback: 50,
    }),
    threshold: number(
      'Least cosine of a hit. What is alike differs from model to model, so there is no other default.',
      {
        minimum: 0,
        maximum: 1,
        fallback: 0,
      },
    ),
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
    resources: boolean('Whether files, symbols and searches are also `code://` resources.', {
      fallback: true,
    }),
    references: optional(CodeReferences),
    semantic: optional(CodeSemantic),
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

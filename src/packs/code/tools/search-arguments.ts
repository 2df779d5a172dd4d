// The arguments of search_code in their three forms, brought to one request (spec code §2.1).
import type { JsonObject } from '../../../tool.ts';
import { CodeRefusal } from '../code-tool.ts';
import { compileNameGlob } from '../index/intake/glob.ts';
import { findLanguage, globsOf } from '../languages.ts';
import { ADDED_TYPES } from '../repositories/added-repositories.ts';

/** Kinds of search; `semantic` is refused where no model is configured. */
export const SEARCH_TYPES = ['literal', 'regex', 'fuzzy', 'hybrid', 'auto', 'semantic'] as const;
/** One of {@link SEARCH_TYPES}. */
export type SearchType = (typeof SEARCH_TYPES)[number];

/** Tasks that the structured form names. */
export const REQUEST_TYPES = [
  'pattern_search',
  'symbol_search',
  'goto_definition',
  'explain_code',
  'edit_preparation',
] as const;
/** One of {@link REQUEST_TYPES}. */
export type RequestType = (typeof REQUEST_TYPES)[number];

/** A search, whichever form it came in. */
export interface SearchRequest {
  /** Of the structured form. */
  readonly requestType: RequestType | undefined;
  /** The query is the exact name of a symbol. */
  readonly isName: boolean;
  /** Languages of examples for an edit; empty for all. */
  readonly languagesOfExamples: readonly string[];
  readonly query: string;
  readonly type: SearchType;
  readonly caseSensitive: boolean;
  /** As given; `*` stands for every file. */
  readonly filePattern: string;
  readonly include: readonly string[];
  readonly languages: readonly string[];
  readonly repository: string | undefined;
  /** Ids, names or paths; undefined: all. */
  readonly repositories: readonly string[] | undefined;
  /** Of repositories that no selector names. */
  readonly types: readonly string[];
  readonly groupByRepository: boolean;
  readonly limit: number;
  readonly contextLines: number;
  /** Estimated tokens of the text. */
  readonly maxTokens: number;
  readonly cursor: string | undefined;
}

const text = (description: string, more: JsonObject = {}): JsonObject => ({
  type: 'string',
  description,
  ...more,
});
const whole = (description: string, minimum: number, maximum: number): JsonObject => ({
  type: 'integer',
  description,
  minimum,
  maximum,
});
const LANGUAGE = text('Language such as python, typescript or c++.', { pattern: '^[A-Za-z0-9_+#-]+$' });
/** Characters of a question; longer ones are pasted files. */
export const QUERY_MAX = 2000;
const QUERY = { minLength: 1, maxLength: QUERY_MAX };
/** Text of an answer when the caller names no budget: what a model reads at once without harm. */
const TOKENS = 8000;
/** Hits of a ranking, and the most of them (spec code §2.3). */
const RANKED = 20;
const RANKED_MAX = 50;
/** The structured form's own (spec code §2.1). */
const STRUCTURED_TOKENS = 2000;

/** Properties of the arguments. */
export const SEARCH_PROPERTIES: JsonObject = {
  query: text('Text or regular expression (RE2 syntax) to find. Any character but NUL.', QUERY),
  search_type: {
    type: 'string',
    enum: SEARCH_TYPES,
    description:
      'literal (default) finds the text as it is, regex a pattern, fuzzy words that are nearly the same; hybrid ranks files by the words of a question, auto takes names as symbols and the rest as hybrid; semantic finds what means the same, where an embedding model is configured.',
  },
  file_pattern: text('Glob of the files to search, such as *.ts or src/**/*.py; default all.', {
    maxLength: 500,
  }),
  language: LANGUAGE,
  case_sensitive: { type: 'boolean', description: 'Default false.' },
  context_lines: whole('Lines shown before and after each match; default 2.', 0, 20),
  max_results: whole('Most matching lines in the answer; default 100. Totals are exact regardless.', 1, 1000),
  limit: whole('The same as max_results.', 1, 1000),
  max_tokens: whole('Budget of the answer in tokens (characters / 4); never exceeded.', 100, 20_000),
  cursor: text('next_cursor of an earlier answer, with the same other arguments.', { maxLength: 4000 }),
  repository: text('Only this repository: name, id or path.', { maxLength: 1000 }),
  semantic: { type: 'boolean', description: 'The same as search_type semantic.' },
  fuzzy: { type: 'boolean', description: 'The same as search_type fuzzy.' },
  repository_filter: {
    type: 'object',
    description: 'Which repositories are searched.',
    additionalProperties: false,
    properties: {
      repositories: { type: 'array', items: { type: 'string' }, maxItems: 100 },
      repository_types: {
        type: 'array',
        items: { type: 'string', enum: ['local', ...ADDED_TYPES] },
        maxItems: 4,
        description: 'Only repositories of these types.',
      },
      exclude_temporary: { type: 'boolean', description: 'True leaves out what was added for a time.' },
      cross_repository: { type: 'boolean', description: 'False searches the own code only.' },
      group_by_repository: { type: 'boolean' },
    },
  },
  request_type: { type: 'string', enum: REQUEST_TYPES, description: 'Chooses the structured form.' },
  target: {
    type: 'object',
    description: 'Structured form: what to find, and where.',
    additionalProperties: false,
    properties: {
      query: text('As query.', QUERY),
      symbol: text('Exact name of a symbol, in place of query.', { minLength: 1, maxLength: 200 }),
      file_path: text('Only this file.', { maxLength: 1000 }),
    },
  },
  context_spec: {
    type: 'object',
    description: 'Structured form: what is wanted around it.',
    additionalProperties: false,
    properties: {
      reference_languages: {
        type: 'array',
        items: LANGUAGE,
        maxItems: 10,
        description: 'edit_preparation: languages of the examples; default whatever there is.',
      },
    },
  },
  search_optimization: {
    type: 'object',
    description: 'Structured form: narrows the search.',
    additionalProperties: false,
    properties: {
      file_patterns: { type: 'array', items: { type: 'string', maxLength: 500 }, maxItems: 50 },
      language_filter: { type: 'array', items: LANGUAGE, maxItems: 50 },
    },
  },
  response_format: {
    type: 'object',
    description: 'Structured form: size of the answer.',
    additionalProperties: false,
    properties: {
      max_results: whole('Default 10.', 1, 100),
      context_lines: whole('Default 5.', 0, 20),
      token_budget: whole('Default 2000.', 100, 10_000),
    },
  },
};

/** @throws CodeRefusal `invalid_arguments` for forms that contradict each other. */
export function toSearchRequest(args: JsonObject): SearchRequest {
  const structured = args.request_type !== undefined;
  const target = record(args.target);
  const format = record(args.response_format);
  const narrowing = record(args.search_optimization);
  const filter = record(args.repository_filter);
  const query = one('query', [args.query, target.query, target.symbol]);
  if (typeof query !== 'string')
    throw contradiction('Give query, or with request_type target.query or target.symbol.');
  const filePatterns = [
    ...(args.file_pattern === undefined || args.file_pattern === '*' ? [] : [String(args.file_pattern)]),
    ...strings(narrowing.file_patterns),
    ...(target.file_path === undefined ? [] : [fileGlob(String(target.file_path))]),
  ];
  const languages = [
    ...(args.language === undefined ? [] : [String(args.language)]),
    ...strings(narrowing.language_filter),
  ].map(languageId);
  const repositories = filter.repositories === undefined ? undefined : strings(filter.repositories);
  if (args.repository !== undefined && repositories !== undefined)
    throw contradiction('Give repository or repository_filter.repositories, not both.');
  return {
    requestType: REQUEST_TYPES.find((type) => type === args.request_type),
    isName: target.symbol !== undefined,
    languagesOfExamples: strings(record(args.context_spec).reference_languages).map(languageId),
    query,
    type: searchType(args),
    caseSensitive: args.case_sensitive === true,
    filePattern: filePatterns.length === 0 ? '*' : filePatterns.join(', '),
    include: filePatterns,
    languages,
    repository: optionalText(args.repository),
    repositories,
    types: typesOf(filter),
    groupByRepository: filter.group_by_repository === true,
    limit: limitOf(
      searchType(args),
      one('limit', [args.limit, args.max_results, format.max_results]),
      structured,
    ),
    contextLines: number(
      one('context_lines', [args.context_lines, format.context_lines]),
      structured ? 5 : 2,
    ),
    maxTokens: number(
      one('max_tokens', [args.max_tokens, format.token_budget]),
      structured ? STRUCTURED_TOKENS : TOKENS,
    ),
    cursor: optionalText(args.cursor),
  };
}

/** Globs of the files of some languages; empty for all. */
export function languageGlobs(languages: readonly string[]): readonly string[] {
  return languages.flatMap((id) => {
    const language = findLanguage(id);
    return language === undefined ? [] : globsOf(language);
  });
}

/** Whether a path is among those that a request includes. */
export function patternGlob({ include }: SearchRequest, path: string): boolean {
  return include.length === 0 || include.some((glob) => compileNameGlob(glob)(path));
}

/** A glob that matches one path and nothing else. */
function fileGlob(path: string): string {
  return `/${path.replace(/^\.?\//, '').replace(/[*?[\]{}\\]/g, '\\$&')}`;
}

function searchType(args: JsonObject): SearchType {
  const named = SEARCH_TYPES.find((type) => type === args.search_type);
  const flagged = (['semantic', 'fuzzy'] as const).filter((type) => args[type] === true);
  const [one = named ?? 'literal', other] = flagged;
  if (other !== undefined) throw contradiction('semantic: true contradicts fuzzy: true.');
  if (named !== undefined && one !== named)
    throw contradiction(`${one}: true contradicts search_type: ${named}.`);
  return one;
}

/** A ranking is read from its top, and each of its hits costs a look into its file. */
function limitOf(type: SearchType, given: unknown, structured: boolean): number {
  if (type === 'hybrid' || type === 'auto' || type === 'semantic')
    return Math.min(number(given, structured ? 10 : RANKED), RANKED_MAX);
  return number(given, structured ? 10 : 100);
}

/** Types of repositories that are searched. */
function typesOf(filter: JsonObject): readonly string[] {
  const wanted =
    filter.repository_types === undefined ? ['local', ...ADDED_TYPES] : strings(filter.repository_types);
  const isOwnOnly = filter.exclude_temporary === true || filter.cross_repository === false;
  return isOwnOnly ? wanted.filter((type) => type === 'local') : wanted;
}

function languageId(name: string): string {
  const found = findLanguage(name);
  if (found === undefined) throw contradiction(`'${name}' is no language that this server knows.`);
  return found.id;
}

/** Several ways to say the same must not say different things. */
function one(name: string, values: readonly unknown[]): unknown {
  const given = [...new Set(values.filter((value) => value !== undefined))];
  if (given.length > 1) throw contradiction(`${name} is given twice, with different values.`);
  return given[0];
}

function contradiction(message: string): CodeRefusal {
  return new CodeRefusal('invalid_arguments', message);
}

function record(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function number(value: unknown, fallback: number): number {
  return typeof value === 'number' ? value : fallback;
}

// Reads definitions: file or folder -> checked, expanded, substituted definitions, or every problem at once.
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type Arrangement, checkBetween } from './between.ts';
import { definitionFiles } from './find-files.ts';
import { type Prepared, prepareDefinition } from './prepare.ts';
import { type Problem, sortProblems } from './problem.ts';
import { createReport, type Report } from './report.ts';
import type { Definition } from './schema/definition.ts';
import type { ResolveSecrets, SecretOutcome, SecretOutcomes } from './secret-reference.ts';
import { splitServers } from './servers.ts';
import { nearestNode } from './source/node.ts';
import { DEFINITION_EXTENSIONS, parseSource, readSource, type Source } from './source/source.ts';

const WRITABLE_BY_OTHERS = 0o002;

/** A definition that may be served, with what its users need to know of its source. */
export interface LoadedDefinition {
  readonly definition: Definition;
  /** As given to the loader. */
  readonly file: string;
  /** Absolute; relative paths in the definition resolve against it. */
  readonly baseDirectory: string;
  readonly trusted: boolean;
  readonly warnings: readonly Problem[];
  /** Values that came from the environment or files, and keys: redaction hides them. */
  readonly secretValues: readonly string[];
  /** Absolute paths of all files that were read or are named by handlers; the watcher needs them. */
  readonly files: readonly string[];
  /** Only of the two versions of a rollout; see {@link LoadedVersion}. */
  readonly version?: LoadedVersion;
  /** Where the author wrote what stands at a JSON Pointer of `definition`; the nearest parent if it is implied. */
  locate(pointer: string): { readonly line: number; readonly column: number } | undefined;
}

/** What a definition is in a rollout, whose declaration both versions carry. */
export interface LoadedVersion {
  readonly role: 'stable' | 'canary';
  /** Of a stable version: why its canary is not among the definitions. The stable one is served alone then. */
  readonly canaryProblems?: readonly Problem[];
}

/** What loading depends on besides the file. */
export interface LoadOptions {
  /** Process environment, for `${NAME}`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `development`, `production` ...: chooses overlays and the strict checks. */
  readonly environment: string;
  /** `serve` leaves out what has no runtime yet and refuses protections that do not work yet; `validate` warns. */
  readonly purpose: 'serve' | 'validate';
  /** Default true. False: an untrusted author (spec servers §1). */
  readonly trusted?: boolean;
  /** Names that untrusted definitions may substitute (QUAYSIDE_ENV_ALLOW). Default none. */
  readonly envAllow?: readonly string[];
  /** Reads what `${secret:...}` names. Absent: references are checked and not read, which `serve` refuses. */
  readonly resolveSecrets?: ResolveSecrets;
}

/** `definitions` is empty when there are errors. Problems are sorted by place. */
export interface LoadOutcome {
  readonly definitions: readonly LoadedDefinition[];
  readonly errors: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** Loads a file, or every definition of a folder (not recursive, in lexical order). Bad input never throws. */
export async function loadDefinitions(path: string, options: LoadOptions): Promise<LoadOutcome> {
  const files = await definitionFiles(path);
  if (files.length === 0) return { definitions: [], errors: [noDefinition(path)], warnings: [] };
  const sources = await Promise.all(files.map(readSource));
  const production = options.environment === 'production' && options.trusted !== false;
  const modes = production ? await Promise.all(sources.map(writableByOthers)) : [];
  return assembleWithSecrets(sources, options, modes.flat());
}

/** Loads the definitions of a text as {@link loadDefinitions} does those of the file that it would be. */
export async function loadDocument(
  { file, text }: { readonly file: string; readonly text: string },
  options: LoadOptions,
): Promise<LoadOutcome> {
  return assembleWithSecrets([parseSource(file, text)], options, []);
}

/** References are known only when the definitions are read, so those that have some are read twice. */
async function assembleWithSecrets(
  sources: readonly Source[],
  options: LoadOptions,
  problems: readonly Problem[],
): Promise<LoadOutcome> {
  const { resolveSecrets } = options;
  if (resolveSecrets === undefined) return assemble(sources, options, problems);
  const references = new Set<string>();
  const first = assemble(sources, options, problems, (reference) => {
    references.add(reference);
    return 'later';
  });
  if (references.size === 0) return first;
  const found = await resolveSecrets(references);
  return assemble(sources, options, problems, (reference) => found.get(reference) ?? UNREAD);
}

const UNREAD: SecretOutcome = { problem: 'was not read.', fix: 'Serve the definition.' };

/** Loads definitions from a text, such as an editor's; `file` gives its format, its name in problems and its folder. */
export function loadText(file: string, text: string, options: LoadOptions): LoadOutcome {
  return assemble([parseSource(file, text)], options, []);
}

function assemble(
  sources: readonly Source[],
  options: LoadOptions,
  problems: readonly Problem[],
  secrets: SecretOutcomes | undefined = options.purpose === 'serve' ? () => UNREAD : undefined,
): LoadOutcome {
  const reports = new Map<Source, Report>(sources.map((source) => [source, createReport(source)]));
  const prepared = sources.flatMap((source) =>
    prepareSource(source, { ...options, ...(secrets === undefined ? {} : { secrets }) }, reports),
  );
  const arrangement = checkBetween(prepared);
  const failed = failedCanaries(arrangement, options.purpose);
  const all = [
    ...problems,
    ...sources.flatMap((source) => [...source.problems, ...(reports.get(source)?.problems ?? [])]),
    ...prepared.flatMap((one) => (failed.has(one) ? asWarnings(one.report.problems) : one.report.problems)),
  ];
  const errors = sortProblems(all.filter(({ severity }) => severity === 'error'));
  const warnings = sortProblems(all.filter(({ severity }) => severity === 'warning'));
  if (errors.length > 0) return { definitions: [], errors, warnings };
  const { chosen } = arrangement;
  const definitions = prepared
    .filter((one) => !failed.has(one))
    .map((one) =>
      toLoaded(withVersion(one, arrangement, failed), {
        isDefault: one === chosen,
        trusted: options.trusted !== false,
      }),
    );
  return { definitions: definitions.sort(canariesLast), errors, warnings };
}

function prepareSource(
  source: Source,
  options: LoadOptions & { readonly secrets?: SecretOutcomes },
  reports: ReadonlyMap<Source, Report>,
): Prepared[] {
  const report = reports.get(source);
  if (source.root === undefined || report === undefined) return [];
  const settings = {
    ...options,
    trusted: options.trusted ?? true,
    envAllow: options.envAllow ?? [],
    baseDirectory: dirname(resolve(source.file)),
  };
  return splitServers(source.root, report).map((node) => prepareDefinition(node, source, settings));
}

function toLoaded(
  prepared: Prepared & { readonly version?: LoadedVersion },
  { isDefault, trusted }: { readonly isDefault: boolean; readonly trusted: boolean },
): LoadedDefinition {
  const { definition, source, root, report } = prepared;
  const file = resolve(source.file);
  return {
    definition: { ...definition, default: isDefault },
    file: source.file,
    baseDirectory: dirname(file),
    trusted,
    warnings: sortProblems(report.problems),
    secretValues: prepared.secretValues,
    files: [file, ...prepared.files],
    ...(prepared.version === undefined ? {} : { version: prepared.version }),
    locate: (pointer) => source.position(nearestNode(root, pointer).at),
  };
}

/** A canary that cannot be served ends its rollout, not the process (governance §10.3). */
function failedCanaries({ pairs }: Arrangement, purpose: LoadOptions['purpose']): ReadonlySet<Prepared> {
  if (purpose === 'validate') return new Set();
  return new Set(pairs.map(({ canary }) => canary).filter(({ report }) => report.problems.some(isError)));
}

function isError({ severity }: Problem): boolean {
  return severity === 'error';
}

function asWarnings(problems: readonly Problem[]): Problem[] {
  return problems.map((problem) => ({ ...problem, severity: 'warning' }));
}

function withVersion(
  one: Prepared,
  { pairs }: Arrangement,
  failed: ReadonlySet<Prepared>,
): Prepared & { readonly version?: LoadedVersion } {
  const pair = pairs.find(({ stable, canary }) => stable === one || canary === one);
  const rollout = pair?.rollout ?? one.definition.rollout;
  if (rollout === undefined) return one;
  const definition = { ...one.definition, rollout };
  if (pair?.canary === one) return { ...one, definition, version: { role: 'canary' } };
  const canaryProblems =
    pair === undefined
      ? [missingCanary(one, rollout.canary)]
      : failed.has(pair.canary)
        ? pair.canary.report.problems.filter(isError)
        : undefined;
  const version = { role: 'stable', ...(canaryProblems === undefined ? {} : { canaryProblems }) } as const;
  return { ...one, definition, version };
}

function missingCanary({ source }: Prepared, version: string): Problem {
  return {
    severity: 'warning',
    file: source.file,
    line: 1,
    column: 1,
    pointer: '/rollout/canary',
    rule: 'rollout',
    message: `There is no definition of the version ${version} with this slug.`,
    fix: 'Serve both versions from one folder.',
  };
}

/** Whoever looks a server up by its slug finds the version that is served. */
function canariesLast(one: LoadedDefinition, other: LoadedDefinition): number {
  return Number(one.version?.role === 'canary') - Number(other.version?.role === 'canary');
}

function noDefinition(path: string): Problem {
  return {
    severity: 'error',
    file: path,
    line: 1,
    column: 1,
    pointer: '',
    rule: 'file',
    message: 'The folder holds no definition.',
    fix: `Add a file that ends in one of ${DEFINITION_EXTENSIONS.join(', ')}.`,
  };
}

/** In production whoever may write the file may do what the server may (spec servers §10). */
async function writableByOthers({ file }: Source): Promise<Problem[]> {
  const found = await stat(file).catch(() => undefined);
  // A file that is not there was reported when it was read.
  if (found === undefined || (found.mode & WRITABLE_BY_OTHERS) === 0) return [];
  return [
    {
      severity: 'error',
      file,
      line: 1,
      column: 1,
      pointer: '',
      rule: 'file',
      message: 'Everybody may write the file, which production refuses.',
      fix: `Run chmod o-w ${file}.`,
    },
  ];
}

// Finds the uses of a name: candidate files by their text, occurrences by the syntax tree, meaning by imports.
import { setImmediate } from 'node:timers/promises';
import { compileQuery } from '../index/search/compiled-query.ts';
import { runSearch } from '../index/search/search-run.ts';
import type { Snapshot } from '../index/store/snapshot.ts';
import { classPlace } from '../ranking/file-class.ts';
import type { ImportResolver } from './import-resolver.ts';
import { occurrencesOf } from './occurrences.ts';
import { resolverOf } from './references.ts';
import { blankText } from './scan/blank-text.ts';
import type { FoundReference, ReferenceHits, ReferenceQuery } from './symbol-messages.ts';
import type { Definition, ParsedFile, SymbolTable } from './symbol-table.ts';
import type { Syntax } from './syntax.ts';

/** Time a question about references may take. */
const REFERENCES_MS = 4_000;
/** Files with an occurrence that one question looks at. */
const REFERENCE_FILES_MAX = 5_000;
/** A line shown with a reference. */
const LINE_MAX = 200;

/** What a search for references works with. */
export interface ReferenceDeps {
  readonly snapshot: Snapshot;
  readonly table: SymbolTable;
  readonly syntax: Syntax;
  readonly imports: ImportResolver;
}

/** Others have their turn between files. */
export async function searchReferences(
  query: ReferenceQuery,
  deps: ReferenceDeps,
): Promise<Omit<ReferenceHits, 'definition'> & { readonly definition: Definition | undefined }> {
  const end = performance.now() + REFERENCES_MS;
  const definitions = deps.table.definitionsOf(query.name);
  const chosen = chooseDefinition(definitions, query);
  const files = filesWith(deps.snapshot, query, end);
  const found: FoundReference[] = [];
  let { isComplete } = files;
  for (const path of files.paths) {
    if (performance.now() > end) {
      isComplete = false;
      break;
    }
    found.push(...(await referencesIn(path, query, { ...deps, definitions, chosen })));
    await setImmediate();
  }
  const definition = chosen ?? (definitions.length === 1 ? definitions[0] : undefined);
  return { references: found.slice(0, query.limit), total: found.length, definition, isComplete };
}

/** The text of a file of the snapshot. */
export function textOf(snapshot: Snapshot, path: string): string | undefined {
  const file = snapshot.files[snapshot.findFile(path) ?? -1];
  const place = file === undefined ? undefined : snapshot.placeOf(file.blob);
  const segment = place === undefined ? undefined : snapshot.segments[place.segment];
  return place === undefined ? undefined : segment?.readBlob(place.blob).toString();
}

async function referencesIn(
  path: string,
  query: ReferenceQuery,
  context: ReferenceDeps & {
    readonly definitions: readonly Definition[];
    readonly chosen: Definition | undefined;
  },
): Promise<readonly FoundReference[]> {
  const { table, syntax, imports, snapshot, definitions, chosen } = context;
  const text = textOf(snapshot, path);
  if (text === undefined) return [];
  const file = table.file(path);
  const own = table.factsOf(path).symbols;
  const occurrences =
    file === undefined || file.grammar.scan !== undefined
      ? occurrencesOf(query.name, codeOf(text, file), undefined, own)
      : ((await syntax.parse(text, file.grammar, (tree) => occurrencesOf(query.name, text, tree, own))) ??
        []);
  const resolve = resolverOf(path, definitions, { table, imports });
  const lines = text.split('\n');
  return occurrences.flatMap((occurrence) => {
    if (occurrence.type === 'definition' && !query.includeDefinitions) return [];
    const { definition, confidence } = resolve(occurrence);
    if (chosen !== undefined && definition !== undefined && !isSame(definition, chosen)) return [];
    const { line, column, type } = occurrence;
    const content = (lines[line - 1] ?? '').trim().slice(0, LINE_MAX);
    // Where there is no syntax, a name may as well be prose.
    const sure = Math.min(confidence, confidenceMax(file));
    return [{ path, line, column, type, confidence: sure, content }];
  });
}

/** Of a language that is read by patterns, without comments and strings. */
function codeOf(text: string, file: ParsedFile | undefined): string {
  const scan = file?.grammar.scan;
  return scan === undefined ? text : blankText(text, scan);
}

/** How sure a use can be, given how its file is read. */
function confidenceMax(file: ParsedFile | undefined): number {
  if (file === undefined) return 0.3;
  return file.grammar.scan === undefined ? 1 : 0.6;
}

function filesWith(snapshot: Snapshot, query: ReferenceQuery, endMs: number) {
  const compiled = compileQuery({
    pattern: query.name,
    want: 'files',
    ...(query.include === undefined ? {} : { include: [query.include] }),
  });
  const isOver = () => performance.now() > endMs;
  const steps = runSearch(snapshot, compiled, {
    limit: REFERENCE_FILES_MAX,
    offset: 0,
    scanBytesMax: Number.MAX_SAFE_INTEGER,
    expired: isOver,
    overdue: isOver,
  });
  for (;;) {
    const step = steps.next();
    if (step.done !== true) continue;
    const { files, complete, truncated } = step.value;
    // What is left out for want of time or place is not the source.
    const paths = files.map(({ path }) => path).sort((a, b) => classPlace(a) - classPlace(b));
    return { paths, isComplete: complete && !truncated };
  }
}

function chooseDefinition(
  definitions: readonly Definition[],
  { path, line }: ReferenceQuery,
): Definition | undefined {
  if (path === undefined) return undefined;
  const inFile = definitions.filter((one) => one.path === path);
  if (line === undefined) return inFile[0];
  return (
    inFile.find((one) => one.line === line) ??
    inFile.find((one) => one.lineStart <= line && line <= one.lineEnd)
  );
}

function isSame(a: Definition, b: Definition): boolean {
  return a.path === b.path && a.line === b.line && a.column === b.column;
}

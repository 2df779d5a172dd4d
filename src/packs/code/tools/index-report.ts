// What index_file and index_project answer of a run: what it did, and what is searchable of the path now (spec code §3).
import type { BuildReport } from '../index/build-report.ts';
import type { FileRecord, FileStatus } from '../index/store/file-record.ts';
import { languageOf } from '../languages.ts';
import type { Repository } from '../repositories/repositories.ts';

/** Files that an answer names, of those that were read and of those that failed. */
const NAMED_MAX = 100;
/** How long the answer waits for the symbols of what was read; a first index of a large tree has them later. */
const SYMBOLS_WAIT_MS = 1_000;
const MEGABYTE = 1024 * 1024;
const PERCENT = 100;

/** Why files are not searched, and what can be done about it. */
const ADVICE: Partial<Record<FileStatus, string>> = {
  unreadable:
    'could not be read: let the user of the server read them, or exclude them (exclude of packs.code).',
  too_large: 'are larger than maxFileSize of packs.code: raise it where they are to be searched.',
  long_line: 'have lines of more than 1 MiB, as minified bundles do: search what they were made from.',
};

/** `total_symbols` is null while the symbols of a large tree are still being read, and where they cannot be: `symbols_problem` says why. */
export async function describeRun(
  repository: Repository,
  path: string,
  { report, elapsedMs }: { readonly report: BuildReport; readonly elapsedMs: number },
) {
  const files = await repository.index.text.files(path === '' ? undefined : { under: path });
  const failed = files.filter(({ status }) => status === 'unreadable');
  const indexed = files.filter(({ status }) => status === 'indexed');
  const seconds = Math.round(elapsedMs) / 1000;
  const successRate = share(indexed.length, indexed.length + failed.length);
  return {
    statistics: {
      generation: report.generation,
      unchanged_files: report.filesUnchanged,
      read_files: report.filesRead,
      parsed_files: report.filesParsed,
      removed_files: report.filesRemoved,
      parsed_bytes: report.bytesParsed,
      total_files: files.length,
      successful_files: indexed.length,
      failed_files: failed.length,
      skipped_files: files.length - indexed.length - failed.length,
      ...(await symbolsUnder(repository, path)),
      total_size_mb: round(indexed.reduce((sum, { size }) => sum + size, 0) / MEGABYTE),
      total_time_seconds: seconds,
      avg_time_per_file: report.filesRead === 0 ? 0 : round(seconds / report.filesRead),
      languages: countBy(indexed, ({ path: file }) => languageOf(file)),
      success_rate: successRate,
    },
    progress: {
      percentage: PERCENT,
      processed_files: files.length,
      failed_files: failed.length,
      success_rate: successRate,
    },
    results: readFiles(files, report.firstRead),
    failed_files: failed
      .slice(0, NAMED_MAX)
      .map(({ path: file, status }) => ({ file_path: file, reason: status })),
    insights: {
      performance: `${report.filesRead} files read and ${report.filesUnchanged} unchanged in ${seconds} s`,
      language_distribution: shares(
        countBy(indexed, ({ path: file }) => languageOf(file)),
        indexed.length,
      ),
      recommendations: adviceOn(files),
    },
  };
}

/** Of this run, in the order in which they were read. */
function readFiles(files: readonly FileRecord[], read: readonly string[]) {
  const byPath = new Map(files.map((file) => [file.path, file]));
  return read.slice(0, NAMED_MAX).flatMap((path) => {
    const file = byPath.get(path);
    if (file === undefined) return [];
    return [{ file_path: path, status: file.status, language: languageOf(path), size: file.size }];
  });
}

/** The files are indexed, whatever became of their symbols: a failure is told and is not that of the run. */
async function symbolsUnder({ symbols }: Repository, path: string) {
  const { promise: late, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(resolve, SYMBOLS_WAIT_MS, null);
  const counted = symbols.refresh().then(() => symbols.counts(path));
  // Nobody waits for it any more when it is late, and the next question says what is wrong.
  counted.catch(() => undefined);
  try {
    const counts = await Promise.race([counted, late]);
    return { total_symbols: counts?.symbols ?? null };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { total_symbols: null, symbols_problem: `Symbols could not be counted: ${reason}` };
  } finally {
    clearTimeout(timer);
  }
}

function adviceOn(files: readonly FileRecord[]): readonly string[] {
  const counts = countBy(files, ({ status }) => status);
  return Object.entries(ADVICE).flatMap(([status, advice]) =>
    counts[status] === undefined ? [] : [`${counts[status]} files ${advice}`],
  );
}

function countBy(files: readonly FileRecord[], keyOf: (file: FileRecord) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const file of files) counts[keyOf(file)] = (counts[keyOf(file)] ?? 0) + 1;
  return counts;
}

function shares(counts: Readonly<Record<string, number>>, total: number): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).map(([key, count]) => [key, share(count, total)]));
}

/** 0 to 1; 1 of nothing. */
function share(part: number, whole: number): number {
  return whole === 0 ? 1 : round(part / whole);
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

// What can be asked of the text index, and the shape of its answers.

/** A search. Lines are found exactly as ripgrep finds them under the same rules. */
export interface TextQuery {
  /** The text or regular expression; at most {@link PATTERN_LENGTH_MAX} UTF-16 units, no NUL. */
  readonly pattern: string;
  /** Default `literal`. `regex` is RE2 syntax; see the README for its meaning. */
  readonly syntax?: 'literal' | 'regex';
  /** Unicode simple case folding. Default false. */
  readonly ignoreCase?: boolean;
  /**
   * Whether matches may span lines. By default the pattern decides: it does when it holds a line feed or a dot
   * under the `s` flag.
   */
  readonly multiline?: boolean;
  /** Only files that match one of these globs; a glob without `/` matches names at any depth. */
  readonly include?: readonly string[];
  /** Of those, only files that match one of these too. */
  readonly among?: readonly string[];
  /** No files that match one of these globs. */
  readonly exclude?: readonly string[];
  /**
   * What is wanted. `lines` (default): matching lines. `counts`: matching files with their number of lines.
   * `files`: matching files only, which stops at the first match of each file.
   */
  readonly want?: 'lines' | 'counts' | 'files';
  /**
   * Of a literal that ignores case, where no lines are wanted: it counts only as a part of a word or identifier, which
   * may go on with one of these endings in lower case. `['s', 'ed']` lets `parse` match `parseHeader`, `HTTP_PARSE` and
   * `parses`, but neither `sparse` nor `parsec`. A literal with letters outside ASCII counts wherever it stands.
   */
  readonly partEndings?: readonly string[];
}

/** How much of an answer is wanted, and how long it may take. */
export interface SearchOptions {
  /** Ends the search with the error `aborted`. */
  readonly signal?: AbortSignal;
  /** Milliseconds until the search stops with what it has; default 5,000. */
  readonly deadlineMs?: number;
  /** Rows (lines or files) returned; totals are exact regardless. Default 100. */
  readonly limit?: number;
  /** Rows skipped, in the order of the answer. Default 0. */
  readonly offset?: number;
  /** Bytes a pattern without any literal may read; default 1 GiB. */
  readonly scanBytesMax?: number;
}

/** Longest accepted pattern; the tools accept 2,000 characters. */
export const PATTERN_LENGTH_MAX = 10_000;

/** One matching line, or the lines of one match that spans several. */
export interface LineMatch {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** Last line of the match; equals `line` unless the search is multi-line. */
  readonly lineEnd: number;
  /** UTF-16 units before the first match on the line, plus one. */
  readonly column: number;
  /** UTF-16 units of the first match. */
  readonly length: number;
  /** The line without its end; cut around the match when it is longer than 4,096 units. */
  readonly text: string;
  /** Column of the first unit of `text`: 1 unless the line was cut. */
  readonly textColumn: number;
}

/** One matching file. */
export interface FileMatch {
  readonly path: string;
  /** Git blob id of its content. */
  readonly blob: string;
  /** Matching lines; 0 when only files were wanted. */
  readonly lines: number;
  /** Size of the file on disk. */
  readonly bytes: number;
}

/** Why an answer is not complete. */
export type IncompleteReason = 'deadline' | 'byte_budget';

/** An answer; rows are ordered by path (UTF-16 order), then line. */
export interface SearchResult {
  /** The state of the index that was searched. */
  readonly generation: number;
  /** Empty unless lines were wanted. */
  readonly matches: readonly LineMatch[];
  /** Empty when lines were wanted. */
  readonly files: readonly FileMatch[];
  /** Over all files, not only the rows returned; lower bounds when not `complete`. `lines` is 0 for `files`. */
  readonly totals: { readonly files: number; readonly lines: number };
  /** Whether there are rows beyond those returned. */
  readonly truncated: boolean;
  /** Whether every file was searched. */
  readonly complete: boolean;
  /** Set exactly when not `complete`. */
  readonly incompleteReason?: IncompleteReason;
  /** Bytes of content that were read. */
  readonly scannedBytes: number;
  /** Milliseconds in the engine, waiting for other queries included. */
  readonly elapsedMs: number;
}

/** Lines of one file, both ends included, from 1; what lies outside the file is left out. */
export interface LineRange {
  readonly path: string;
  readonly from: number;
  readonly to: number;
}

// A definition with its code, and what someone who writes the like needs to know of it.
import type { SettledRepository } from '../../repositories/repositories.ts';
import type { FoundSymbol } from '../../symbols/symbol-messages.ts';
import { errorPatterns, type SourceCode } from '../../translation/hints.ts';

/** Longer definitions are shown from their beginning. */
const CODE_LINES_MAX = 200;
/** Imports named of one file. */
const DEPENDENCIES_MAX = 40;

/** As it is answered (spec code §2.2). */
export interface Implementation {
  readonly repository: string;
  readonly language: string;
  readonly symbol: string;
  readonly file_path: string;
  readonly line_start: number;
  readonly line_end: number;
  readonly signature: string;
  readonly code: string;
  /** What its file imports, as written or as resolved to files. */
  readonly dependencies: readonly string[];
  readonly error_patterns: readonly string[];
  readonly similarity?: number;
  /** Repositories and files that hold the same. */
  readonly also_in?: readonly string[];
}

/** Reads the code of a definition. */
export async function implementationOf(
  repository: SettledRepository,
  symbol: FoundSymbol & { readonly similarity?: number },
): Promise<Implementation> {
  const { path, lineStart, lineEnd, language, name, signature } = symbol;
  const to = Math.min(lineEnd, lineStart + CODE_LINES_MAX - 1);
  const [[lines = []], { edges }] = await Promise.all([
    repository.index.text.excerpts([{ path, from: lineStart, to }]),
    repository.symbols.dependencies({ path, depth: 1, direction: 'out' }),
  ]);
  const code = lines.join('\n');
  return {
    repository: repository.name,
    language,
    symbol: name,
    file_path: path,
    line_start: lineStart,
    line_end: lineEnd,
    signature,
    code,
    dependencies: [...new Set(edges.map((edge) => edge.to))].slice(0, DEPENDENCIES_MAX),
    error_patterns: errorPatterns(language, code),
    ...(symbol.similarity === undefined ? {} : { similarity: symbol.similarity }),
  };
}

/** The same, for the rules of translation. */
export function sourceOf({ language, code, line_start, dependencies }: Implementation): SourceCode {
  return { language, code, lineStart: line_start, imports: dependencies };
}

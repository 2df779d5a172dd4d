// Feeds the metrics of the code index.
import type { Metrics } from './metrics.ts';

/** What the code index tells of itself. Bound to nothing: functions may be passed on as they are. */
export interface CodeMeter {
  /** A search ended with an answer; `results` counts everything found, not only what was shown. */
  searched(search: { readonly mode: string; readonly seconds: number; readonly results: number }): void;
  /** `bypass`: an answer that must not be kept. */
  cached(cache: 'search' | 'symbol', result: 'hit' | 'miss' | 'bypass' | 'evict'): void;
  /** Files that were read and can be searched, by language. */
  filesIndexed(byLanguage: Readonly<Record<string, number>>): void;
  symbolsIndexed(
    counts: readonly { readonly language: string; readonly kind: string; readonly count: number }[],
  ): void;
  /** Pieces of source that an embedding model made vectors of, or refused. */
  embedded(result: 'success' | 'refused' | 'failed', chunks: number): void;
  /** How a question that wanted meaning ended. */
  askedForMeaning(result: 'used' | 'late' | 'failed' | 'not_ready'): void;
  /** Read at each scrape; so are the sizes. Returns the way to stop. */
  watchQueue(count: () => number): () => void;
  watchBytes(sizes: () => Iterable<{ readonly type: string; readonly bytes: number }>): () => void;
}

/** Events of an index are rare beside requests: the cells are looked up each time. */
export function createCodeMeter(instruments: Metrics['instruments']): CodeMeter {
  const { searchDuration, searchResults, cache, indexFiles, indexSymbols, indexQueue, indexBytes } =
    instruments;
  return {
    searched({ mode, seconds, results }) {
      searchDuration.cell({ engine: 'code', mode }).observe(seconds);
      searchResults.cell({ engine: 'code', mode }).observe(results);
    },
    cached: (kind, result) => cache.cell({ cache: kind, result }).inc(),
    filesIndexed(byLanguage) {
      for (const [language, count] of Object.entries(byLanguage)) indexFiles.cell({ language }).inc(count);
    },
    symbolsIndexed(counts) {
      for (const { language, kind, count } of counts) indexSymbols.cell({ language, kind }).inc(count);
    },
    embedded: (result, chunks) => instruments.codeEmbedded.cell({ result }).inc(chunks),
    askedForMeaning: (result) => instruments.codeSemantic.cell({ result }).inc(),
    watchQueue: (count) => indexQueue.source((report) => report({}, count())),
    watchBytes: (sizes) =>
      indexBytes.source((report) => {
        for (const { type, bytes } of sizes()) report({ repository_type: type }, bytes);
      }),
  };
}

/** Where nothing is counted. */
export const SILENT_METER: CodeMeter = {
  searched: () => undefined,
  cached: () => undefined,
  filesIndexed: () => undefined,
  symbolsIndexed: () => undefined,
  embedded: () => undefined,
  askedForMeaning: () => undefined,
  watchQueue: () => () => undefined,
  watchBytes: () => () => undefined,
};

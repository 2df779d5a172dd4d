// Answers kept for equal questions, for as long as nothing that they follow from has changed.
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { CodeMeter } from '../../../telemetry/metrics/code-meter.ts';
import type { JsonObject, ToolResult } from '../../../tool.ts';
import { manifestStamp } from '../repositories/index-directory.ts';
import type { SettledRepository } from '../repositories/repositories.ts';

/** Agents ask the same again within minutes; what was not asked for a thousand questions is not asked again. */
const ANSWERS_MAX = 1_000;
/** 32 MiB: a tenth of what serving may take. */
const BYTES_MAX = 32 << 20;
/** Rows as data, with their context, take about this many times the text that shows them. */
const BYTES_PER_CHARACTER = 8;

/** What an answer follows from. */
export interface Question {
  readonly cache: 'search' | 'symbol';
  readonly tool: string;
  readonly args: JsonObject;
  /** Those that are asked, in their order. */
  readonly repositories: readonly SettledRepository[];
  /** What else the answer speaks of. */
  readonly skipped?: unknown;
}

/** One per process: a key holds which repositories were asked and in which state, so tenants share nothing by it. */
export interface AnswerCache {
  /** The kept answer, else what `make` gives. Failures and answers that a limit cut short are not kept. */
  answer(question: Question, make: () => Promise<ToolResult>): Promise<ToolResult>;
}

/** Nothing is kept yet. */
export function createAnswerCache(meter: CodeMeter): AnswerCache {
  const kept = new LRUCache<string, { readonly cache: Question['cache']; readonly result: ToolResult }>({
    max: ANSWERS_MAX,
    maxSize: BYTES_MAX,
    sizeCalculation: ({ result }) => sizeOf(result),
    dispose: ({ cache }, _key, reason) => {
      if (reason === 'evict') meter.cached(cache, 'evict');
    },
  });
  return {
    async answer(question, make) {
      const { cache } = question;
      const key = keyOf(question);
      const known = kept.get(key);
      if (known !== undefined) {
        meter.cached(cache, 'hit');
        return known.result;
      }
      const result = await make();
      const isKept = isWhole(result);
      meter.cached(cache, isKept ? 'miss' : 'bypass');
      if (isKept) kept.set(key, { cache, result });
      return result;
    },
  };
}

/**
 * The state of the files is looked at before the search, which reads that state or a later one. So an answer may be newer
 * than its key says and never older, and a key of a state that is gone does not come back.
 */
function keyOf({ tool, args, repositories, skipped }: Question): string {
  const states = repositories.map(({ id, index, symbols, meaning, readiness, status: { record } }) => [
    id,
    manifestStamp(index.directory),
    symbols.known,
    record?.indexedAt,
    readiness,
    meaning?.status,
  ]);
  const text = JSON.stringify([tool, args, states, skipped]);
  return createHash('sha256').update(text).digest('base64url');
}

function isWhole({ isError, structuredContent }: ToolResult): boolean {
  if (isError === true || typeof structuredContent !== 'object' || structuredContent === null) return false;
  const { complete, request_metadata: metadata } = structuredContent as {
    readonly complete?: boolean;
    readonly request_metadata?: { readonly semantic?: { readonly used: boolean } };
  };
  // Without the meaning that was asked for: the endpoint may answer the next time.
  return metadata?.semantic?.used !== false && (complete === undefined || complete === true);
}

function sizeOf({ content }: ToolResult): number {
  const characters = content.reduce((sum, item) => sum + String(item.text ?? '').length, 0);
  return 1 + characters * BYTES_PER_CHARACTER;
}

// What the tools that search work with besides the repositories, and how each search is measured.
import type { CodeMeter } from '../../../telemetry/metrics/code-meter.ts';
import type { Call, ToolResult } from '../../../tool.ts';
import type { RepositoriesOf, SettledRepository } from '../repositories/repositories.ts';
import type { AnswerCache } from './answer-cache.ts';
import { textOf } from './symbol-arguments.ts';

/** One of each for the process. */
export interface SearchDeps {
  readonly meter: CodeMeter;
  readonly cache: AnswerCache;
}

/** Members of answers that say how much was found in all. */
const TOTALS = ['total_found', 'total_matches', 'total_references'];

/** Measures a search that ends with an answer; one that is refused found nothing and took no time worth knowing. */
export async function measured(
  { mode, meter }: { readonly mode: string; readonly meter: CodeMeter },
  search: () => Promise<ToolResult>,
): Promise<ToolResult> {
  const started = performance.now();
  const result = await search();
  const seconds = (performance.now() - started) / 1000;
  const content = new Map<string, unknown>(Object.entries(result.structuredContent ?? {}));
  const total = TOTALS.map((name) => content.get(name)).find((value) => typeof value === 'number');
  meter.searched({ mode, seconds, results: total ?? 0 });
  return result;
}

/** A tool that asks the symbols of the repositories that `repository` names, measured and with equal answers kept. */
export function askingSymbols(
  {
    mode,
    repositoriesOf,
    deps: { meter, cache },
  }: { readonly mode: string; readonly repositoriesOf: RepositoriesOf; readonly deps: SearchDeps },
  answer: (repositories: readonly SettledRepository[], call: Call) => Promise<ToolResult>,
): (call: Call) => Promise<ToolResult> {
  return (call) =>
    measured({ mode, meter }, async () => {
      const { args } = call;
      const repositories = await repositoriesOf(call).readySymbols(textOf(args.repository));
      return cache.answer({ cache: 'symbol', tool: mode, args, repositories }, () =>
        answer(repositories, call),
      );
    });
}

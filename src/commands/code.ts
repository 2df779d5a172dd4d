// `quayside code`: the tools of the code pack from the command line, through the whole gate.
import { setTimeout } from 'node:timers/promises';
import { isObject, type Progress } from '../app/mcp-request.ts';
import type { ReachedServer } from '../app/reached-server.ts';
import { isUrl } from '../app/served-server.ts';
import type { JsonObject } from '../tool.ts';
import { textOf } from './call.ts';
import { EXIT, type Io } from './io.ts';
import { onServer } from './on-server.ts';
import { createProgressLine } from './progress-line.ts';

export interface CodeFlags {
  /** Definition file or folder, found as `serve` finds it when absent; or the URL of a running server. */
  readonly on?: string;
  /** Default: what `serve` would use, so that its indexes are used. */
  readonly data?: string;
  readonly repository?: string;
  readonly json?: true;
}

export interface CodeSearchFlags extends CodeFlags {
  readonly type?: string;
  readonly files?: string;
  readonly language?: string;
  readonly limit?: string;
}

/** Lines shown where nothing is said: what fits a screen. */
const LINES_SHOWN = 20;
/** How often it is asked again while an index is being built, and how long at most. */
const AGAIN_MS = 500;
const WAIT_MS_MAX = 600_000;
/** States that end by themselves. */
const PASSING = new Set([
  'missing_index',
  'index_building',
  'index_rebuilding',
  'index_locked',
  'stale_commit',
  'wrong_branch',
]);

/** Exit code 0 when something was found, 1 when nothing was or the search was refused. */
export function searchCode(query: string, flags: CodeSearchFlags, io: Io): Promise<number> {
  const args = {
    query,
    ...repositoryOf(flags),
    ...(flags.type === undefined ? {} : { search_type: flags.type }),
    ...(flags.files === undefined ? {} : { file_pattern: flags.files }),
    ...(flags.language === undefined ? {} : { language: flags.language }),
    limit: flags.limit === undefined ? LINES_SHOWN : Number(flags.limit),
    context_lines: 0,
  };
  return onCode(flags, io, async (server) => {
    const answer = await ask(server, { tool: 'search_code', args }, io);
    return finish(answer, flags, io, Number(answer.content.total_found) > 0);
  });
}

/** Exit code 0 when the name is defined, 1 when it is not. */
export function findSymbols(
  symbol: string,
  flags: CodeFlags & { readonly alike?: true },
  io: Io,
): Promise<number> {
  const args = { symbol, exact_match: flags.alike !== true, ...repositoryOf(flags) };
  return onCode(flags, io, async (server) => {
    const answer = await ask(server, { tool: 'lookup_symbol', args }, io);
    return finish(answer, flags, io, answer.content.result !== 'not_found');
  });
}

/** Exit code 0 when every repository is ready, 1 when one is not. */
export function codeStatus(flags: CodeFlags, io: Io): Promise<number> {
  return onCode(flags, io, async (server) => {
    const answer = await ask(server, { tool: 'get_status', args: {} }, io);
    const { repositories } = answer.content;
    const rows = (Array.isArray(repositories) ? repositories : []).filter(isObject);
    const text = rows
      .map(
        (row) =>
          `${row.repository_name}  ${row.state}${row.remediation === null ? '' : `  ${row.remediation}`}`,
      )
      .join('\n');
    return finish({ ...answer, text }, flags, io, answer.content.status === 'ready');
  });
}

/** Exit code 0 when the index is up to date; `anew` builds it from nothing. */
export function indexCode(flags: CodeFlags, io: Io, { anew }: { readonly anew: boolean }): Promise<number> {
  const path = flags.repository === undefined ? {} : { path: flags.repository };
  return onCode(flags, io, async (server) => {
    io.err('Indexing ...\n');
    const line = createProgressLine(io);
    const answer = await ask(
      server,
      { tool: 'index_project', args: { ...path, force_rebuild: anew }, onProgress: line.show },
      io,
    ).finally(line.end);
    const { repository, source, statistics } = answer.content;
    const done = isObject(statistics) ? statistics : {};
    const text = `${repository}: ${source}; ${done.read_files} files read, ${done.unchanged_files} unchanged, ${done.removed_files} removed in ${done.total_time_seconds} s`;
    return finish(answer.isRefused ? answer : { ...answer, text }, flags, io, true);
  });
}

interface Asked {
  readonly tool: string;
  readonly args: JsonObject;
  readonly onProgress?: (progress: Progress) => void;
}

interface Answer {
  readonly content: JsonObject;
  readonly text: string;
  readonly isRefused: boolean;
}

/** The pack has a server of its own, whatever the definition calls its. */
function onCode(flags: CodeFlags, io: Io, work: (server: ReachedServer) => Promise<number>): Promise<number> {
  const { on } = flags;
  if (on !== undefined && isUrl(on)) return onServer({ on }, io, work);
  const data = flags.data ?? io.env.QUAYSIDE_DATA_DIR ?? './data';
  return onServer({ ...(on === undefined ? {} : { on }), server: 'code', data }, io, work);
}

/** Asks again, and says so, while what refuses an answer ends by itself. */
async function ask(server: ReachedServer, { tool, args, onProgress }: Asked, io: Io): Promise<Answer> {
  const started = performance.now();
  let said = '';
  for (;;) {
    const answer = await server.call(tool, args, onProgress);
    if (!answer.ok) return { content: {}, text: `${answer.message} (${answer.code})`, isRefused: true };
    const content = isObject(answer.result.structuredContent) ? answer.result.structuredContent : {};
    const isRefused = answer.result.isError === true;
    const state = isObject(content.readiness) ? String(content.readiness.state) : '';
    const isPassing = isRefused && PASSING.has(state) && performance.now() - started < WAIT_MS_MAX;
    if (!isPassing) return { content, text: textOf(answer.result), isRefused };
    if (state !== said) io.err(`Waiting: ${state} ...\n`);
    said = state;
    await setTimeout(AGAIN_MS);
  }
}

function finish(answer: Answer, { json }: CodeFlags, io: Io, isFound: boolean): number {
  if (answer.isRefused) {
    const { error, remediation, code } = answer.content;
    const advice = typeof remediation === 'string' ? `: ${remediation}` : ` (${String(code)})`;
    io.err(typeof error === 'string' ? `${error}${advice}\n` : `${answer.text}\n`);
    return EXIT.failure;
  }
  io.out(`${json === true ? JSON.stringify(answer.content, null, 2) : answer.text}\n`);
  return isFound ? EXIT.ok : EXIT.failure;
}

function repositoryOf({ repository }: CodeFlags): JsonObject {
  return repository === undefined ? {} : { repository };
}

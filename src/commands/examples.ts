// `quayside test`: runs the examples of the tools through the whole gate and compares the results.
import { type CatalogueSource, readCatalogues } from '../app/catalogues.ts';
import { ConfigurationError } from '../app/configuration-error.ts';
import type { ReachedServer } from '../app/reached-server.ts';
import type { Tool } from '../definition/schema/tool.ts';
import { listedToolName } from '../definition/tool-name.ts';
import { judgeExample } from '../plan/example-result.ts';
import { EXIT, type Io } from './io.ts';
import { onServer, type ServerFlags } from './on-server.ts';

export interface ExamplesFlags extends ServerFlags {
  /** Definition file or folder that holds the examples; found as `serve` finds it when absent. */
  readonly path?: string;
  /** Only this tool, by either of its names. */
  readonly tool?: string;
  readonly json?: true;
}

/** How one example ended. */
interface ExampleReport {
  readonly server: string;
  readonly tool: string;
  readonly example: string;
  readonly passed: boolean;
  readonly durationMs: number;
  /** Why it failed, where no result came back. */
  readonly problem?: string;
  readonly expected?: unknown;
  readonly received?: unknown;
}

/** Exit code 0 when every example passed, 1 when one failed or there is none, 78 when the definition cannot be read. */
export async function runExamples(flags: ExamplesFlags, io: Io): Promise<number> {
  let sources: readonly CatalogueSource[];
  try {
    sources = await readCatalogues({ place: flags.path, env: io.env, slug: flags.server });
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    for (const line of error.lines) io.err(`${line}\n`);
    return EXIT.configuration;
  }
  const reports: ExampleReport[] = [];
  for (const source of sources) {
    const tools = toolsOf(source, flags.tool);
    if (tools.every(({ examples }) => examples.length === 0)) continue;
    const { slug } = source;
    const place = flags.on ?? flags.path;
    const target = {
      ...flags,
      ...(place === undefined ? {} : { on: place }),
      ...(slug === undefined ? {} : { server: slug }),
    };
    // Examples run one after the other as fast as they can, which no limit of a caller is made for.
    const unlimited = { ...io, env: { ...io.env, RATE_LIMIT_ENABLED: 'false' } };
    const code = await onServer(target, unlimited, async (server) => {
      for (const tool of tools) reports.push(...(await runTool(server, slug ?? '', tool)));
      return EXIT.ok;
    });
    if (code !== EXIT.ok) return code;
  }
  if (flags.json === true) io.out(`${JSON.stringify(reports, null, 2)}\n`);
  else io.out(textOf(reports));
  return reports.length > 0 && reports.every(({ passed }) => passed) ? EXIT.ok : EXIT.failure;
}

function toolsOf({ definition }: CatalogueSource, wanted: string | undefined): readonly Tool[] {
  if (definition === undefined) return [];
  const { tools, toolNames } = definition;
  return tools
    .filter(({ enabled }) => enabled)
    .filter(
      ({ name }) => wanted === undefined || name === wanted || listedToolName(name, toolNames) === wanted,
    );
}

async function runTool(
  server: ReachedServer,
  slug: string,
  { name, examples }: Tool,
): Promise<readonly ExampleReport[]> {
  const reports: ExampleReport[] = [];
  for (const [index, { name: title, input, expectedOutput }] of examples.entries()) {
    const startedAt = performance.now();
    const answer = await server.call(name, input);
    const about = {
      server: slug,
      tool: name,
      example: title ?? `example ${index + 1}`,
      durationMs: Math.round(performance.now() - startedAt),
    };
    if (!answer.ok) reports.push({ ...about, passed: false, problem: answer.message });
    else if (answer.result.resultType === 'input_required')
      reports.push({ ...about, passed: false, problem: 'The tool asks the client for input.' });
    else {
      const failure = judgeExample(expectedOutput, answer.result);
      reports.push({ ...about, passed: failure === undefined, ...failure });
    }
  }
  return reports;
}

function textOf(reports: readonly ExampleReport[]): string {
  if (reports.length === 0) return 'There are no examples to run; write some below `examples` of a tool.\n';
  const lines = reports.flatMap(({ tool, example, passed, durationMs, problem, expected, received }) => [
    `${passed ? 'pass' : 'FAIL'}  ${tool}: ${example} (${durationMs} ms)`,
    ...(passed ? [] : problem === undefined ? differenceOf(expected, received) : [`      ${problem}`]),
  ]);
  const failed = reports.filter(({ passed }) => !passed).length;
  const summary = `${reports.length - failed} passed, ${failed} failed`;
  return `${[...lines, '', summary].join('\n')}\n`;
}

/** Longer values are cut in the report for people; `--json` has them whole. */
const SHOWN_LENGTH_MAX = 2000;

function differenceOf(expected: unknown, received: unknown): readonly string[] {
  return [`      expected  ${shown(expected)}`, `      received  ${shown(received)}`];
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= SHOWN_LENGTH_MAX ? text : `${text.slice(0, SHOWN_LENGTH_MAX)}...`;
}

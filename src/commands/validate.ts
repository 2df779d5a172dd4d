// `quayside validate`: every problem of the definitions, with its place and fix. Serves nothing.
import { readEnvironment } from '../definition/environment.ts';
import { definitionPath } from '../definition/find-files.ts';
import { type LoadOutcome, loadDefinitions } from '../definition/load.ts';
import { formatProblem } from '../definition/problem.ts';
import { EXIT, type Io } from './io.ts';

export interface ValidateOptions {
  /** Definition file or folder; found as `serve` finds it when absent. */
  readonly path?: string;
  /** Prints `{valid, errors, warnings, servers}` as JSON. */
  readonly json?: true;
}

/** Exit code 0 when the definitions are valid, else 78. Keys that have no runtime yet are warnings here. */
export async function validate(options: ValidateOptions, io: Io): Promise<number> {
  const path = definitionPath(options.path, io.env);
  if (path === undefined) {
    io.err('No definition was found: name a file, set CONFIG_PATH, or write quayside.yaml.\n');
    return EXIT.configuration;
  }
  // What is wrong with the environment itself concerns the start, not the definitions.
  const { settings } = readEnvironment(io.env);
  const outcome = await loadDefinitions(path, {
    env: io.env,
    environment: settings.environment ?? 'development',
    purpose: 'validate',
    envAllow: settings.envAllow ?? [],
  });
  if (options.json === true) io.out(`${JSON.stringify(toReport(outcome), null, 2)}\n`);
  else printText(path, outcome, io);
  return outcome.errors.length === 0 ? EXIT.ok : EXIT.configuration;
}

function toReport({ errors, warnings, definitions }: LoadOutcome) {
  const servers = definitions.map(({ file, definition }) => ({
    file,
    name: definition.name,
    slug: definition.slug,
    default: definition.default,
    tools: definition.tools.length,
    prompts: definition.prompts.length,
    resources: definition.resources.length + definition.resourceTemplates.length,
  }));
  return { valid: errors.length === 0, errors, warnings, servers };
}

function printText(path: string, outcome: LoadOutcome, io: Io): void {
  const { errors, warnings } = outcome;
  for (const problem of [...errors, ...warnings]) io.out(`${formatProblem(problem)}\n`);
  for (const { name, slug, tools, prompts, resources } of toReport(outcome).servers) {
    const content = [count(tools, 'tool'), count(prompts, 'prompt'), count(resources, 'resource')].join(', ');
    io.out(`${name} (/mcp/${slug}): ${content}\n`);
  }
  if (warnings.some(({ rule }) => rule === 'not-yet')) {
    io.out('Keys that are not yet in this version are warnings here; serving refuses those that protect.\n');
  }
  const verdict = errors.length === 0 ? 'valid' : 'not valid';
  io.out(`${path}: ${verdict}, ${count(errors.length, 'error')}, ${count(warnings.length, 'warning')}\n`);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

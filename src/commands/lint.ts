// `quayside lint [place]`: names, descriptions and schemas of tools as a model and its client read them.
import { type CatalogueSource, readCatalogues } from '../app/catalogues.ts';
import { ConfigurationError } from '../app/configuration-error.ts';
import { type LintRule, lintRules } from '../plan/lint/finding.ts';
import { lintCatalogue } from '../plan/lint/lint.ts';
import { EXIT, type Io } from './io.ts';

export interface LintFlags {
  /** URL of a running server, or a definition file or folder; found as `serve` finds it when absent. */
  readonly place?: string;
  readonly server?: string;
  /** Warnings fail as well. */
  readonly strict?: true;
  readonly json?: true;
}

interface PlacedFinding {
  readonly severity: 'error' | 'warning';
  readonly place: string;
  readonly server?: string;
  readonly tool?: string;
  readonly pointer: string;
  readonly rule: LintRule;
  readonly message: string;
  readonly fix: string;
}

/** Exit code 0, 1 for findings that are errors (with `strict`: for any), 78 when the lists cannot be read. */
export async function lint({ place, server, strict, json }: LintFlags, io: Io): Promise<number> {
  let findings: readonly PlacedFinding[];
  try {
    const sources = await readCatalogues({ place, env: io.env, slug: server });
    findings = sources.flatMap(judge);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    for (const line of error.lines) io.err(`${line}\n`);
    return EXIT.configuration;
  }
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const warnings = findings.length - errors;
  if (json === true) io.out(`${JSON.stringify({ errors, warnings, findings }, null, 2)}\n`);
  else {
    for (const finding of findings) io.out(`${lineOf(finding)}\n`);
    io.out(`${count(errors, 'error')}, ${count(warnings, 'warning')}\n`);
  }
  return errors > 0 || (strict === true && warnings > 0) ? EXIT.failure : EXIT.ok;
}

function judge({ catalogue, definition, slug, placeOf }: CatalogueSource): PlacedFinding[] {
  const isSearched = definition?.discovery === 'search';
  return lintCatalogue(catalogue, isSearched).map(({ rule, tool, pointer, message, fix }) => ({
    severity: lintRules[rule][0],
    place: placeOf(tool, pointer),
    ...(slug === undefined ? {} : { server: slug }),
    ...(tool === undefined ? {} : { tool }),
    pointer,
    rule,
    message,
    fix,
  }));
}

/** The form in which `validate` prints problems. */
function lineOf({ severity, place, tool, pointer, rule, message, fix }: PlacedFinding): string {
  return `${place}: ${severity} [${rule}] ${tool ?? 'server'} ${pointer}: ${message} ${fix}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

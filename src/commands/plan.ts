// `quayside plan <old> [new]`: what a change of a definition means for clients, and what its tool list costs them.
import { type CatalogueSource, readCatalogues } from '../app/catalogues.ts';
import { ConfigurationError } from '../app/configuration-error.ts';
import type { Catalogue } from '../plan/catalogue.ts';
import { type CatalogueChange, compareCatalogues } from '../plan/compatibility/catalogue-changes.ts';
import { CHANGE_KINDS } from '../plan/compatibility/compatibility.ts';
import { listingTokens } from '../plan/token-cost.ts';
import { EXIT, type Io } from './io.ts';

export interface PlanFlags {
  /** Definition file or folder, or the URL of a running server. */
  readonly before: string;
  /** The same; the definition that `serve` would find when absent. */
  readonly after?: string;
  readonly server?: string;
  readonly failOnBreaking?: true;
  readonly json?: true;
}

/** Exit code 0, or 1 with `failOnBreaking` when a change breaks clients; 78 when either side cannot be read. */
export async function plan(flags: PlanFlags, io: Io): Promise<number> {
  let pairs: readonly Pair[];
  try {
    const { env } = io;
    const before = await readCatalogues({ place: flags.before, env, slug: flags.server });
    const after = await readCatalogues({ place: flags.after, env, slug: flags.server });
    pairs = pair(before, after);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    for (const line of error.lines) io.err(`${line}\n`);
    return EXIT.configuration;
  }
  const reports = pairs.map(toReport);
  const breaking = reports.flatMap(({ changes }) => changes).filter(({ kind }) => kind === 'breaking');
  if (flags.json === true)
    io.out(`${JSON.stringify({ breaking: breaking.length > 0, servers: reports }, null, 2)}\n`);
  else io.out(reports.map((report) => textOf(report, reports.length > 1)).join('\n'));
  return flags.failOnBreaking === true && breaking.length > 0 ? EXIT.failure : EXIT.ok;
}

/** One server before and after; one that exists on one side only is compared with nothing. */
interface Pair {
  readonly slug: string;
  readonly before: Catalogue;
  readonly after: Catalogue;
}

const NOTHING: Catalogue = { tools: [], prompts: [], resources: [] };

/** Servers of two definitions are paired by slug; a running one, which tells no slug, with the default one. */
function pair(before: readonly CatalogueSource[], after: readonly CatalogueSource[]): readonly Pair[] {
  const isServed = [...before, ...after].some(({ slug }) => slug === undefined);
  if (isServed || (before.length === 1 && after.length === 1)) {
    const [old, next] = [defaultOf(before), defaultOf(after)];
    return [{ slug: next.slug ?? old.slug ?? 'server', before: old.catalogue, after: next.catalogue }];
  }
  const slugs = new Set([...before, ...after].map(({ slug }) => slug ?? ''));
  const of = (sources: readonly CatalogueSource[], wanted: string) =>
    sources.find(({ slug }) => slug === wanted)?.catalogue ?? NOTHING;
  return [...slugs].map((slug) => ({ slug, before: of(before, slug), after: of(after, slug) }));
}

function defaultOf(sources: readonly CatalogueSource[]): CatalogueSource {
  const found = sources.find(({ isDefault }) => isDefault) ?? sources[0];
  if (found === undefined) throw new ConfigurationError(['There is no server to compare.']);
  return found;
}

interface Report {
  readonly server: string;
  readonly changes: readonly CatalogueChange[];
  /** Estimated tokens of the tool list. */
  readonly tokens: { readonly before: number; readonly after: number };
  readonly tools: readonly {
    readonly name: string;
    readonly tokens: number;
    /** Absent for a new tool. */
    readonly tokensBefore?: number;
  }[];
}

function toReport({ slug, before, after }: Pair): Report {
  const old = new Map(before.tools.map((tool) => [tool.name, listingTokens(tool)]));
  const tools = after.tools.map((tool) => {
    const tokensBefore = old.get(tool.name);
    return {
      name: tool.name,
      tokens: listingTokens(tool),
      ...(tokensBefore === undefined ? {} : { tokensBefore }),
    };
  });
  return {
    server: slug,
    changes: compareCatalogues(before, after),
    tokens: {
      before: [...old.values()].reduce((sum, tokens) => sum + tokens, 0),
      after: tools.reduce((sum, { tokens }) => sum + tokens, 0),
    },
    tools,
  };
}

/** A long list is not read to its end; `--json` shows all. */
const TOOLS_SHOWN_MAX = 20;

function textOf({ server, changes, tokens, tools }: Report, isNamed: boolean): string {
  const shown = tools.toSorted((a, b) => b.tokens - a.tokens).slice(0, TOOLS_SHOWN_MAX);
  const costs = shown.map(({ name, tokens: own, tokensBefore }) => {
    const difference = tokensBefore === undefined ? ' (new)' : differenceOf(own - tokensBefore);
    return `${String(own).padStart(8)}  ${name}${difference}`;
  });
  const more = tools.length - shown.length;
  const lines = [
    ...(isNamed ? [`/mcp/${server}`] : []),
    ...changes.map(
      ({ kind, subject, name, change, reason }) =>
        `${kind.padEnd(8)}  ${subject} ${name}: ${change}. ${reason}`,
    ),
    summaryOf(changes),
    '',
    `Tokens that a model reads for the tool list (estimated): ${tokens.after}, before ${tokens.before}`,
    ...costs,
    ...(more > 0 ? [`          and ${more} more; --json shows all`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

function summaryOf(changes: readonly CatalogueChange[]): string {
  if (changes.length === 0) return 'No change that clients see.';
  const counts = CHANGE_KINDS.map((kind) => `${changes.filter((one) => one.kind === kind).length} ${kind}`);
  return `${changes.length} ${changes.length === 1 ? 'change' : 'changes'}: ${counts.join(', ')}`;
}

function differenceOf(tokens: number): string {
  if (tokens === 0) return '';
  return ` (${tokens > 0 ? '+' : ''}${tokens})`;
}

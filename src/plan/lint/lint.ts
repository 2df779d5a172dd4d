// Judges what a server lists as a model and its client read it: pure, over the lists.
import type { Catalogue } from '../catalogue.ts';
import type { ListedTool } from '../listed-tool.ts';
import { listingTokens } from '../token-cost.ts';
import type { Finding, LintRule } from './finding.ts';
import { lintPoisoning, lintText } from './poisoning.ts';
import { lintPortability } from './portability.ts';
import { lintWording } from './wording.ts';

/** Models choose worse among more, and some clients take no more. */
const TOOLS_MAX = 40;
const LIST_TOKENS_MAX = 10_000;

/** All findings: those of each tool in the order of the list, then those between tools and of the server. */
export function lintCatalogue(catalogue: Catalogue, isSearched: boolean): readonly Finding[] {
  const { tools, instructions } = catalogue;
  return [
    ...tools.flatMap((tool) => [...lintWording(tool), ...lintPortability(tool), ...lintPoisoning(tool)]),
    ...lintNames(tools),
    ...lintDescriptions(tools),
    ...(instructions === undefined ? [] : lintText('/instructions', instructions)),
    ...(isSearched ? [] : lintSize(tools)),
  ];
}

function lintNames(tools: readonly ListedTool[]): readonly Finding[] {
  const same = repeated(tools, ({ name }) => name).map(({ tool, first }) =>
    atName(
      'name-duplicate',
      tool,
      `The name is that of another tool, ${first.name}.`,
      'Rename one of the two.',
    ),
  );
  const fix = 'Name what differs, such as the object or the effect.';
  const similar = repeated(unique(tools), ({ name }) => alike(name)).map(({ tool, first }) =>
    atName('name-ambiguous', tool, `The name is easily taken for ${first.name}.`, fix),
  );
  return [...same, ...similar];
}

function atName(rule: LintRule, { name }: ListedTool, message: string, fix: string): Finding {
  return { rule, tool: name, pointer: '/name', message, fix };
}

function lintDescriptions(tools: readonly ListedTool[]): readonly Finding[] {
  const described = tools.filter(({ description = '' }) => description.trim() !== '');
  return repeated(described, ({ description = '' }) => description.trim().toLowerCase()).map(
    ({ tool, first }) => ({
      rule: 'description-duplicate',
      tool: tool.name,
      pointer: '/description',
      message: `The description is that of ${first.name}.`,
      fix: 'Say what this tool does that the other does not.',
    }),
  );
}

function lintSize(tools: readonly ListedTool[]): readonly Finding[] {
  const at = (rule: LintRule, message: string): Finding => ({
    rule,
    pointer: '/tools',
    message,
    fix: 'Set `discovery: search`, so that models find tools instead of reading all of them.',
  });
  const tokens = tools.reduce((sum, tool) => sum + listingTokens(tool), 0);
  return [
    ...(tools.length > TOOLS_MAX ? [at('too-many-tools', `The list has ${tools.length} tools.`)] : []),
    ...(tokens > LIST_TOKENS_MAX ? [at('list-large', `The list costs about ${tokens} tokens.`)] : []),
  ];
}

interface Repetition {
  readonly tool: ListedTool;
  readonly first: ListedTool;
}

/** Each tool whose key an earlier one has already. */
function repeated(tools: readonly ListedTool[], keyOf: (tool: ListedTool) => string): Repetition[] {
  const known = new Map<string, ListedTool>();
  return tools.flatMap((tool) => {
    const key = keyOf(tool);
    const first = known.get(key);
    if (first !== undefined) return [{ tool, first }];
    known.set(key, tool);
    return [];
  });
}

function unique(tools: readonly ListedTool[]): readonly ListedTool[] {
  return [...new Map(tools.toReversed().map((tool) => [tool.name, tool])).values()].toReversed();
}

/** What is left of a name when nothing but its words counts; `s` at the end of a word does not. */
function alike(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .map((word) => word.replace(/(?<=..)s$/, ''))
    .join('');
}

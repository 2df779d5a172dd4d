// What finding tools by search costs a model, and how often it finds the right one.
import { estimateTokens } from '../../src/plan/token-cost.ts';
import { queries } from './queries.ts';

/** The two servers of the catalogue, as a client uses them. */
export interface CatalogueClient {
  /** Every entry of `tools/list`, of all pages. */
  list(server: 'listed' | 'searched'): Promise<readonly unknown[]>;
  /** The text that `search_tools` answers. */
  search(question: string): Promise<string>;
}

/** Tokens are estimates; `found` and `first` count questions. */
export interface DiscoveryFigures {
  readonly tools: number;
  readonly questions: number;
  readonly listedTokens: number;
  readonly searchedTokens: number;
  /** Of one answer of the search, on average. */
  readonly answerTokens: number;
  /** Questions whose tool is among the five of the answer. */
  readonly found: number;
  /** Questions whose tool is the first. */
  readonly first: number;
  readonly missed: readonly string[];
  /** Everything that was read, for other encoders. */
  readonly texts: { readonly listed: string; readonly searched: string; readonly answers: readonly string[] };
}

/** Asks every question of the published set once. */
export async function takeFigures(client: CatalogueClient): Promise<DiscoveryFigures> {
  const listedTools = await client.list('listed');
  const listed = JSON.stringify(listedTools);
  const searched = JSON.stringify(await client.list('searched'));
  const answers: string[] = [];
  const missed: string[] = [];
  let first = 0;
  for (const { question, tool } of queries) {
    const answer = await client.search(question);
    answers.push(answer);
    const names = namesIn(answer);
    if (!names.includes(tool)) missed.push(question);
    if (names[0] === tool) first++;
  }
  return {
    tools: listedTools.length,
    questions: queries.length,
    listedTokens: estimateTokens(listed),
    searchedTokens: estimateTokens(searched),
    answerTokens: answers.reduce((sum, answer) => sum + estimateTokens(answer), 0) / answers.length,
    found: queries.length - missed.length,
    first,
    missed,
    texts: { listed, searched, answers },
  };
}

/** The share of tokens that a session saves which searches so many times. */
export function savedShare(figures: DiscoveryFigures, searches: number): number {
  return 1 - (figures.searchedTokens + searches * figures.answerTokens) / figures.listedTokens;
}

function namesIn(answer: string): readonly string[] {
  if (!answer.startsWith('{')) return [];
  const { tools }: { tools: readonly { readonly name: string }[] } = JSON.parse(answer);
  return tools.map(({ name }) => name);
}

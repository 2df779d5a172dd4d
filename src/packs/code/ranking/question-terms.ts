// What of a question is looked for in code, and how much each of it says.
import { queryNames, queryTerms, stem } from '../../../retrieval/sub-tokens.ts';

/** A name or the stem of a word, in lower case, and what it weighs against the others. */
export interface QuestionTerm {
  readonly text: string;
  /** From 0 to 1. */
  readonly weight: number;
}

/** Words and names of a question; further ones change the order of the first files hardly ever. */
const TERMS_MAX = 16;
/** A word that says what is to be done and not where; some code is about just that, so it still counts. */
const TASK_WEIGHT = 0.3;

/** What people write around the thing that they ask about: what is to be done with it, and how it joins the rest. */
const TASK_WORDS: ReadonlySet<string> = new Set(
  `add allow avoid change clean cleanup correct drop ensure fix handle implement improve introduce make move prevent
  refactor remove rename replace simplify support update use all don if instead into missing more new no not only should
  some unused using via with without`
    .split(/\s+/)
    .map(stem),
);

/** The terms of a question, names first, each once, at most 16. */
export function questionTerms(question: string): readonly QuestionTerm[] {
  return [...queryNames(question), ...queryTerms(question)]
    .slice(0, TERMS_MAX)
    .map((text) => ({ text, weight: TASK_WORDS.has(text) ? TASK_WEIGHT : 1 }));
}

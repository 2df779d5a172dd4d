// get_search_guidance: which request of search_code fits a task, said as a request that can be sent as it is.

import { queryTerms } from '../../../retrieval/sub-tokens.ts';
import type { JsonObject } from '../../../tool.ts';
import { type CodeTool, createCodeTool, dataAnswer, refusing } from '../code-tool.ts';
import { QUERY_MAX } from './search-arguments.ts';

/** What a task is about, the first that fits. */
interface Intent {
  readonly name: string;
  readonly found: RegExp;
  /** Makes the arguments of search_code; `symbol` is a name in the task, `words` what it says else. */
  request(named: { readonly symbol: string | undefined; readonly words: string }): JsonObject;
  readonly prompt: string;
  readonly benefits: readonly string[];
}

const byName = (type: string) => (named: { readonly symbol: string | undefined; readonly words: string }) =>
  named.symbol === undefined
    ? { query: named.words, search_type: 'hybrid', limit: 10 }
    : { request_type: type, target: { symbol: named.symbol } };

const INTENTS: readonly Intent[] = [
  {
    name: 'edit_preparation',
    found: /\b(?:implement|write|add|port|translat|refactor|rewrite|change|extend|convert|fix|migrat)/i,
    request: ({ symbol, words }) => ({
      request_type: 'edit_preparation',
      target: symbol === undefined ? { query: words } : { symbol },
      response_format: { token_budget: 4000 },
    }),
    prompt: 'Read the own definition and the examples first, follow the hints, keep how it fails, then edit.',
    benefits: ['the definition, examples, uses, tests and risks in one answer'],
  },
  {
    name: 'goto_definition',
    found: /\b(?:where (?:is|are)|defin|declared|go to|locate)/i,
    request: byName('goto_definition'),
    prompt: 'Open the lines that the answer names; do not read the whole file.',
    benefits: ['one definition with its code, and the others of the name'],
  },
  {
    name: 'explain_code',
    found: /\b(?:explain|understand|how do|how does|what do|what does|why)/i,
    request: byName('explain_code'),
    prompt: 'Explain from the documentation, the code and its callers, and name the lines.',
    benefits: ['documentation, callers and callees without reading files'],
  },
  {
    name: 'symbol_search',
    found: /\b(?:function|class|method|type|interface|struct)\b.*\b(?:named|called|like)\b/i,
    request: ({ symbol, words }) => ({ request_type: 'symbol_search', target: { query: symbol ?? words } }),
    prompt: 'Choose among the names that are alike, then go to the definition.',
    benefits: ['names that are nearly the same are found too'],
  },
  {
    name: 'pattern_search',
    found: /\b(?:all|every|each|occurrence|usage|uses? of|mention|grep|search for|todo|fixme)/i,
    request: ({ symbol, words }) => ({ request_type: 'pattern_search', target: { query: symbol ?? words } }),
    prompt: 'Trust the totals: they are exact; go on with the cursor where truncated says so.',
    benefits: ['every line, counted exactly'],
  },
];

const OTHERWISE: Intent = {
  name: 'concept_search',
  found: /./,
  request: ({ words }) => ({ query: words, search_type: 'hybrid', limit: 10 }),
  prompt: 'Take the best files, then read their outlines before their lines.',
  benefits: ['files ranked by the words of the question'],
};

/** Makes the tool. */
export function guidanceTool(): CodeTool {
  return createCodeTool({
    name: 'get_search_guidance',
    title: 'Guidance for searching',
    description: 'Which search_code request fits a task, as a request that can be sent as it is.',
    properties: {
      task: { type: 'string', minLength: 1, maxLength: 4000, description: 'What is to be done, in words.' },
    },
    required: ['task'],
    result: {
      task_analysis: { type: 'object' },
      optimal_request: { type: 'object' },
      instruction_prompt: { type: 'string' },
      benefits: { type: 'array' },
      alternatives: { type: 'array' },
      examples: { type: 'array' },
    },
    kind: 'read',
    run: refusing(({ args }) => Promise.resolve(dataAnswer(guidanceFor(String(args.task))))),
  });
}

function guidanceFor(task: string) {
  const words = queryTerms(task).join(' ').slice(0, QUERY_MAX);
  const named = { symbol: symbolIn(task), words: words === '' ? task.slice(0, QUERY_MAX) : words };
  const fitting = INTENTS.filter(({ found }) => found.test(task));
  const [intent = OTHERWISE, ...others] = fitting;
  return {
    task_analysis: {
      task,
      inferred_intent: intent.name,
      agent_type: 'any',
      // One rule that fits is clear; several, or none, are a guess.
      confidence: fitting.length === 1 ? 0.9 : fitting.length === 0 ? 0.4 : 0.7,
      ...(named.symbol === undefined ? {} : { symbol: named.symbol }),
    },
    optimal_request: intent.request(named),
    instruction_prompt: intent.prompt,
    benefits: intent.benefits,
    alternatives: [...others, ...(intent === OTHERWISE ? [] : [OTHERWISE])].map((one) => ({
      intent: one.name,
      request: one.request(named),
    })),
    examples: INTENTS.map((one) => ({
      intent: one.name,
      request: one.request({ symbol: 'parse_price', words: 'parse price' }),
    })),
  };
}

/** A name as code writes it: in backticks, with underscores, in camel case, or with a dot. */
function symbolIn(task: string): string | undefined {
  const quoted = /`([^`\s]{1,200})`/.exec(task)?.[1];
  const written = /\b(?:[A-Za-z]+_\w+|[a-z]+[A-Z]\w*|[A-Z][a-z]+[A-Z]\w*|[A-Z]{2,}_\w+)\b/.exec(task)?.[0];
  const name = quoted ?? written;
  return name
    ?.replace(/\(\)?$/, '')
    .split('.')
    .at(-1)
    ?.slice(0, 200);
}

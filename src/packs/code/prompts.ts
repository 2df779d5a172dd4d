// The prompts of the pack (spec code §9), as a definition would write them.

interface PromptArgument {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
}

/** One prompt in the form of a definition. */
export interface CodePrompt {
  readonly name: string;
  readonly description: string;
  readonly arguments: readonly PromptArgument[];
  readonly template: string;
}

const COMMON: readonly PromptArgument[] = [
  { name: 'file_path', description: 'File that it is about, as the index names it', required: true },
  { name: 'language', description: 'Language of the code', required: true },
  { name: 'code', description: 'The code; without it, it is read from the index', required: false },
];

const prompt = (
  name: string,
  description: string,
  task: string,
  more?: readonly [name: string, description: string],
): CodePrompt => ({
  name,
  description,
  arguments: [
    ...COMMON,
    ...(more === undefined ? [] : [{ name: more[0], description: more[1], required: false }]),
  ],
  template: [
    task,
    ...(more === undefined ? [] : [`${more[1]}: {{${more[0]}}}`]),
    'File: {{file_path}} ({{language}})',
    'Where no code stands below, read it first: get_file_outline for the file, then search_code with request_type explain_code for what matters. Name the lines that you speak of.',
    '',
    '{{code}}',
  ].join('\n'),
});

/** All of them, in the order of the specification. */
export const CODE_PROMPTS: readonly CodePrompt[] = [
  prompt(
    'code_review',
    'A review of code.',
    'Review this code: mistakes first, then what is unclear, then what is only taste.',
  ),
  prompt(
    'refactor_suggestions',
    'Suggestions for refactoring.',
    'Suggest refactorings, each with its reason and what it risks; look up who uses what would change with find_references.',
    ['focus_areas', 'What to look at (general improvements where nothing is said)'],
  ),
  prompt(
    'generate_documentation',
    'Documentation of code.',
    'Write the documentation of this code: what it is for, its parameters, results and errors.',
    ['doc_style', 'Style (standard where nothing is said)'],
  ),
  prompt(
    'bug_analysis',
    'Analysis of a fault.',
    'Find the faults in this code and how each shows, with the smallest mend.',
    ['context', 'What is known of the fault'],
  ),
  prompt(
    'generate_tests',
    'Tests for code.',
    'Write tests of this code: what it promises, its limits, and how it refuses.',
    ['test_framework', 'Test framework (what the repository uses where nothing is said)'],
  ),
  prompt(
    'performance_analysis',
    'Analysis of speed and memory.',
    'Say what costs time and memory in this code, how that grows, and what to measure before changing it.',
    ['focus', 'What to look at (general performance where nothing is said)'],
  ),
];

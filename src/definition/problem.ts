// What is wrong with a definition, and how it is said: the place, the rule, the value, the way out.

/** Every rule that a definition can break, with what it demands. docs/configuration.md lists them. */
export const rules = {
  syntax: 'The file is well-formed YAML 1.2, JSON, or JSON with comments.',
  'duplicate-key': 'A key stands once in its object.',
  size: 'The document stays within its size limits.',
  file: 'Files that the definition names exist, are readable and lie where they may.',
  'unknown-key': 'Only known keys, and keys that start with `x-`, are given.',
  'missing-key': 'Required keys are given.',
  type: 'A value has the JSON type of its key.',
  value: 'A value lies within the range, length, pattern or list of its key.',
  'short-form': 'Short forms follow their grammar.',
  'one-of': 'Exactly one of several exclusive keys is given.',
  duplicate: 'Names, slugs and URIs are unique.',
  'reserved-name': 'Names that the product uses itself are not taken.',
  reference: 'What is referred to by name is declared.',
  'json-schema': 'Schemas are valid JSON Schema 2020-12 within the supported bounds.',
  pattern: 'Regular expressions are valid and need no look-around and no back-references.',
  'header-parameter': 'x-mcp-header names are unique tokens on plain properties.',
  substitution: 'Placeholders are well-formed, allowed in their place and resolvable.',
  'prompt-placeholder': 'A {{name}} in a prompt names a declared argument.',
  'sql-parameter': 'SQL parameters and input properties match.',
  code: 'Code in a definition is a function, or a body with `return`.',
  'http-target': 'Scheme and host of an HTTP tool are fixed, and carry no credentials.',
  permission: 'Permissions follow the grammar `area:action`, and inheritance has no cycle.',
  'api-key': 'API keys are strong, unique and not placeholders.',
  token: 'Issuers of tokens are reached by https, and shared secrets cannot be guessed.',
  'rate-limit': 'Rate limits do not contradict each other.',
  cache: 'Only read-only tools are cached.',
  reconcile: 'What finds out about a call with a key can know it.',
  rollout: 'The two versions of a rollout are there and differ in what may differ.',
  'process-wide': 'Keys that hold for the whole process do not differ between definitions.',
  untrusted: 'Keys that reach files, processes or stores stand in trusted files only.',
  'not-yet': 'The key has a runtime in this version.',
} as const satisfies Record<string, string>;

export type Rule = keyof typeof rules;

/** One finding in a definition. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  /** As the path was given to the loader. */
  readonly file: string;
  /** From 1; the place where the author wrote what is wrong. */
  readonly line: number;
  readonly column: number;
  /** JSON Pointer (RFC 6901) into the document as written. */
  readonly pointer: string;
  readonly rule: Rule;
  readonly message: string;
  /** The offending value as JSON, at most 200 characters, `***` where it may be a secret. */
  readonly received?: string;
  readonly fix: string;
  /** The known name that is closest to the unknown one. */
  readonly nearest?: string;
}

/** One line: `file:line:column: severity [rule] pointer: message (received ...). fix`. */
export function formatProblem(problem: Problem): string {
  const place = `${problem.file}:${problem.line}:${problem.column}`;
  const received = problem.received === undefined ? '' : ` Received: ${problem.received}.`;
  const where = problem.pointer === '' ? '(document)' : problem.pointer;
  return `${place}: ${problem.severity} [${problem.rule}] ${where}: ${problem.message}${received} ${problem.fix}`;
}

/** In order of file, line and column, errors and warnings together. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  return [...problems].sort(
    (a, b) =>
      compareText(a.file, b.file) || a.line - b.line || a.column - b.column || compareText(a.rule, b.rule),
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

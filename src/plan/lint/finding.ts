// What the judge of tool lists finds, and the rules that it goes by.

/** Every rule with its severity and what it demands; docs/tools.md lists them. */
export const lintRules = {
  'description-missing': ['error', 'A tool says what it does.'],
  'description-short': ['warning', 'A description has at least 20 characters and says more than the name.'],
  'description-long': ['warning', 'A description has at most 1,024 characters.'],
  'parameter-undocumented': ['warning', 'A parameter says what it means.'],
  'name-duplicate': ['error', 'No two tools have the same name.'],
  'name-ambiguous': ['warning', 'Names differ by more than case, separators or a plural.'],
  'name-unportable': ['error', 'Names have letters, digits, `_` and `-`, 64 characters at most.'],
  'description-duplicate': ['warning', 'No two tools have the same description.'],
  'hidden-characters': ['error', 'Texts hold no characters that people cannot see.'],
  'hidden-markup': ['error', 'Texts hold no comments and no tags that pose as messages of the system.'],
  'hidden-instruction': ['error', 'Texts describe the tool and give the model no orders beyond its use.'],
  'hidden-data': ['warning', 'Texts hold no encoded data.'],
  'schema-root': ['error', 'The schema of the arguments is one plain object.'],
  'schema-boolean': ['error', 'A property is described by an object, not by `true` or `false`.'],
  'schema-items': ['error', 'An array says what its items are.'],
  'schema-property-name': [
    'error',
    'Names of properties have letters, digits, `_`, `.` and `-`, 64 at most.',
  ],
  'schema-reference': ['warning', 'Schemas need no references, and none that lead back to themselves.'],
  'schema-union': ['warning', 'A property has one type.'],
  'schema-untyped': ['warning', 'A property says what its values are.'],
  'schema-condition': ['warning', 'Schemas need no conditions and no negations.'],
  'schema-deep': ['warning', 'Objects nest at most 5 levels deep.'],
  'too-many-tools': ['warning', 'A list that models read whole has at most 40 tools.'],
  'list-large': ['warning', 'The tool list costs at most 10,000 tokens.'],
} as const satisfies Record<string, readonly ['error' | 'warning', string]>;

/** Name of a rule. */
export type LintRule = keyof typeof lintRules;

/** One finding. */
export interface Finding {
  readonly rule: LintRule;
  /** Absent where it is about the server. */
  readonly tool?: string;
  /** JSON Pointer into the tool's listing, or for the server into the definition. */
  readonly pointer: string;
  readonly message: string;
  readonly fix: string;
}

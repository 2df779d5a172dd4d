// What a caller gets for arguments that do not fit: built so that a model can repair its call (spec servers §5).

export interface ValidationIssue {
  /** Dotted path such as `a.b[2]`; `root` for the whole object. */
  readonly field: string;
  readonly problem: string;
  /** The value as JSON, redacted, at most 200 characters; `nothing` where the field is absent. */
  readonly received: string;
  readonly expected: string;
  /** An instruction that names the bound. */
  readonly fix: string;
}

export interface PropertyHelp {
  readonly type: string;
  readonly description: string;
  readonly constraints: readonly string[];
  readonly examples: readonly unknown[];
}

export interface SchemaHelp {
  readonly description: string;
  readonly properties: Readonly<Record<string, PropertyHelp>>;
  readonly required: readonly string[];
  readonly examples: readonly unknown[];
}

export interface ValidationError {
  readonly type: 'validation';
  readonly summary: string;
  readonly issues: readonly ValidationIssue[];
  readonly schema: SchemaHelp;
  readonly suggestions: readonly string[];
  /** Itself valid and the same every time; null where none could be built. */
  readonly validExample: unknown;
}

// The shape of a logger, so that no part depends on which library writes the lines.

type Write = (fields: Readonly<Record<string, unknown>>, message: string) => void;

/** Structured log of one component. Fields are redacted before they are written (governance §9). */
export interface Log {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
  /** The same log with fields that every line carries. */
  child(fields: Readonly<Record<string, unknown>>): Log;
}

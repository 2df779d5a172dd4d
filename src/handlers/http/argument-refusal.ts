// An argument that the schema admits but that must not be put where the handler would put it.
import type { JsonObject, ToolResult } from '../../tool.ts';

/** Thrown while a request is rendered; ends as a result of the same form as the gate's argument check. */
export class ArgumentRefusal extends Error {
  readonly field: string;
  readonly problem: string;
  readonly expected: string;
  readonly fix: string;
  readonly received: unknown;

  constructor(
    field: string,
    refusal: {
      readonly problem: string;
      readonly expected: string;
      readonly fix: string;
      readonly received: unknown;
    },
  ) {
    super(`${field}: ${refusal.problem}`);
    this.name = 'ArgumentRefusal';
    this.field = field;
    this.problem = refusal.problem;
    this.expected = refusal.expected;
    this.fix = refusal.fix;
    this.received = refusal.received;
  }
}

/** Characters of a refused value that are repeated to the caller (spec servers §5). */
const RECEIVED_LENGTH_MAX = 200;

/** The refusal as a validation result (spec servers §5). `redact` takes secrets out of the received value. */
export function toRefusalResult(refusal: ArgumentRefusal, redact: (text: string) => string): ToolResult {
  const received = refusal.received === undefined ? 'nothing' : JSON.stringify(refusal.received);
  const issue: JsonObject = {
    field: refusal.field,
    problem: refusal.problem,
    received: redact(received).slice(0, RECEIVED_LENGTH_MAX),
    expected: refusal.expected,
    fix: refusal.fix,
  };
  const summary = 'Invalid arguments: 1 problem.';
  const text = [
    summary,
    `1. ${refusal.field}: ${refusal.problem}`,
    `   Received: ${issue.received}`,
    `   Expected: ${refusal.expected}`,
    `   Fix: ${refusal.fix}`,
  ].join('\n');
  return {
    isError: true,
    content: [{ type: 'text', text }],
    _meta: { error: { type: 'validation', summary, issues: [issue], suggestions: [refusal.fix] } },
  };
}

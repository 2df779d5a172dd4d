// Builds the whole answer to arguments that were refused. Slow path: made on first refusal, kept per tool.
import type { JsonObject } from '../../tool.ts';
import { buildExample } from './example/build-example.ts';
import { NONE } from './example/example-search.ts';
import { typeOf } from './findings.ts';
import { type GroupedIssue, ISSUES_MAX, toIssues, toSizeIssue } from './issues.ts';
import { showReceived } from './received.ts';
import type { SchemaEngine, SchemaFinding } from './schema-engine.ts';
import { createSchemaHelp } from './schema-help.ts';
import { type ArgumentsLimits, countValues, findExcess } from './size-limits.ts';
import type { SchemaHelp, ValidationError } from './validation-error.ts';

/** Above this many values only the first mistake is looked for: each finding costs memory, and a caller chooses how many. */
const VALUES_MAX = 5000;

export interface Explainer {
  /** `args` is what was refused: no object, over a limit, or not valid. */
  explain(args: unknown): ValidationError;
}

export function createExplainer(
  schema: JsonObject,
  limits: ArgumentsLimits,
  engine: SchemaEngine,
): Explainer {
  const judge = engine.compileExplaining(schema);
  const example = buildExample(schema, judge);
  const validExample = example === NONE ? null : example;
  const help = createSchemaHelp(schema, validExample);
  return {
    explain(args) {
      const issues = findIssues(args, { schema, limits, judge });
      return toError(issues, help, validExample);
    },
  };
}

interface Source {
  readonly schema: JsonObject;
  readonly limits: ArgumentsLimits;
  readonly judge: (value: unknown) => readonly SchemaFinding[];
}

function findIssues(args: unknown, { schema, limits, judge }: Source): GroupedIssue[] {
  if (typeof args !== 'object' || args === null || Array.isArray(args)) return [notAnObject(args)];
  const excess = findExcess(args, limits);
  if (excess !== undefined) return [toSizeIssue(excess, args)];
  if (countValues(args, VALUES_MAX) >= VALUES_MAX) return [tooManyValues(args)];
  return toIssues(judge(args), args, schema);
}

function notAnObject(args: unknown): GroupedIssue {
  return {
    group: 'type',
    issue: {
      field: 'root',
      problem: `Wrong type: ${typeOf(args)}.`,
      received: showReceived(args, []),
      expected: 'an object with the arguments by name',
      fix: 'Give the arguments as an object, such as {"name": "value"}.',
    },
  };
}

function tooManyValues(args: unknown): GroupedIssue {
  return {
    group: 'other',
    issue: {
      field: 'root',
      problem: `Does not fit the schema; with more than ${VALUES_MAX} values the places are not listed.`,
      received: showReceived(args, []),
      expected: 'arguments that fit the schema below',
      fix: `Try with fewer than ${VALUES_MAX} values to learn what is wrong.`,
    },
  };
}

function toError(all: readonly GroupedIssue[], schema: SchemaHelp, validExample: unknown): ValidationError {
  const issues = all.slice(0, ISSUES_MAX).map(({ issue }) => issue);
  const more = all.length > issues.length ? `; the first ${issues.length} are listed` : '';
  const fields = [...new Set(issues.map(({ field }) => field))].slice(0, 5).join(', ');
  const count = all.length === 1 ? '1 problem' : `${all.length} problems`;
  return {
    type: 'validation',
    summary: `Invalid arguments: ${count} (${fields})${more}.`,
    issues,
    schema,
    suggestions: suggest(all, validExample),
    validExample,
  };
}

const SUGGESTIONS: readonly (readonly [GroupedIssue['group'], string])[] = [
  ['required', 'Add the missing required fields:'],
  ['type', 'Correct the types of:'],
  ['format', 'Correct the format of:'],
  ['range', 'Bring into range:'],
  ['enum', 'Choose one of the allowed values for:'],
];

/** Fields named in one suggestion. */
const FIELDS_MAX = 10;

function suggest(issues: readonly GroupedIssue[], validExample: unknown): string[] {
  const suggestions = SUGGESTIONS.flatMap(([group, text]) => {
    const fields = [
      ...new Set(issues.filter((item) => item.group === group).map((item) => item.issue.field)),
    ];
    return fields.length === 0 ? [] : [`${text} ${fields.slice(0, FIELDS_MAX).join(', ')}.`];
  });
  suggestions.push(
    validExample === null
      ? 'No valid example could be built for this schema; follow the constraints listed for each field.'
      : 'Start from validExample, which fits the schema, and change its values.',
  );
  return suggestions;
}

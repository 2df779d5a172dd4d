// Gathers the findings of the schema engine into issues: one per mistake, with a path people can read.
import type { JsonObject } from '../../tool.ts';
import { type Explanation, explainFinding } from './findings.ts';
import { showField, showReceived } from './received.ts';
import type { SchemaFinding } from './schema-engine.ts';
import { isSchemaObject } from './schema-reference.ts';
import type { SizeExcess } from './size-limits.ts';
import type { ValidationIssue } from './validation-error.ts';

/** Issues listed; a model repairs no more at once, and the rest is counted in the summary. */
export const ISSUES_MAX = 20;

export interface GroupedIssue {
  readonly issue: ValidationIssue;
  readonly group: Explanation['group'];
}

/** All mistakes in order of finding, without repetition. */
export function toIssues(
  findings: readonly SchemaFinding[],
  value: unknown,
  root: JsonObject,
): GroupedIssue[] {
  const issues = new Map<string, GroupedIssue>();
  for (const finding of withoutBranches(findings)) {
    const explanation = explainFinding(finding, root);
    const path = [
      ...toPath(finding.instancePath, value),
      ...(explanation.property === undefined ? [] : [explanation.property]),
    ];
    const issue: ValidationIssue = {
      field: showField(path),
      problem: explanation.problem,
      received: showReceived(valueAt(value, path), path),
      expected: explanation.expected,
      fix: explanation.fix,
    };
    const key = `${issue.field}\n${issue.problem}\n${issue.expected}`;
    if (!issues.has(key)) issues.set(key, { issue, group: explanation.group });
  }
  return [...issues.values()];
}

/** The issue of a value that exceeds a limit of the definition. */
export function toSizeIssue(excess: SizeExcess, value: unknown): GroupedIssue {
  const words = {
    maxArgsDepth: { what: 'Nested too deeply', unit: 'levels of nesting', fix: 'Flatten the value to' },
    maxStringLength: { what: 'Too long', unit: 'characters', fix: 'Shorten the string to' },
    maxArrayLength: { what: 'Too many items', unit: 'items', fix: 'Shorten the array to' },
  }[excess.limit];
  return {
    group: 'range',
    issue: {
      field: showField(excess.path),
      problem: `${words.what}: ${excess.size} ${words.unit}.`,
      received: showReceived(valueAt(value, excess.path), excess.path),
      expected: `at most ${excess.bound} ${words.unit} (limits.${excess.limit})`,
      fix: `${words.fix} at most ${excess.bound} ${words.unit}.`,
    },
  };
}

/** Keywords whose own finding says all; what their subschemas found is noise beside it. */
const SUMMARISING = ['anyOf', 'oneOf', 'not', 'contains', 'minContains', 'maxContains', 'propertyNames'];

function withoutBranches(findings: readonly SchemaFinding[]): SchemaFinding[] {
  const dropped = new Set<SchemaFinding>();
  for (const [index, finding] of findings.entries()) {
    if (finding.keyword === 'if') dropBy(findings, dropped, finding);
    if (!SUMMARISING.includes(finding.keyword)) continue;
    const schemas = branchPaths(finding);
    // What a branch found stands right before the finding that sums it up.
    for (let before = index - 1; before >= 0; before--) {
      const earlier = findings[before];
      if (earlier === undefined || !isBranchFinding(earlier, finding, schemas)) break;
      dropped.add(earlier);
    }
  }
  return findings.filter((finding) => !dropped.has(finding));
}

/** What `then` or `else` found is more exact than that the condition was broken. */
function dropBy(
  findings: readonly SchemaFinding[],
  dropped: Set<SchemaFinding>,
  condition: SchemaFinding,
): void {
  const branch = condition.schemaPath.replace(/if$/, String(condition.params.failingKeyword));
  if (findings.some((finding) => finding.schemaPath.startsWith(`${branch}/`))) dropped.add(condition);
}

function branchPaths(finding: SchemaFinding): readonly string[] {
  const own = `${finding.schemaPath.replace(/\/(?:min|max)Contains$/, '/contains')}/`;
  const references: string[] = [];
  collectReferences(finding.parentSchema, references, 0);
  return [own, ...references.map((reference) => `${reference}/`)];
}

/** References are few and shallow in practice; what lies deeper shows as an issue of its own. */
const REFERENCE_DEPTH_MAX = 8;

function collectReferences(schema: unknown, found: string[], depth: number): void {
  if (typeof schema !== 'object' || schema === null || depth > REFERENCE_DEPTH_MAX) return;
  if (isSchemaObject(schema) && typeof schema.$ref === 'string') found.push(schema.$ref);
  for (const member of Object.values(schema)) collectReferences(member, found, depth + 1);
}

function isBranchFinding(
  earlier: SchemaFinding,
  summary: SchemaFinding,
  schemas: readonly string[],
): boolean {
  if (!earlier.instancePath.startsWith(summary.instancePath)) return false;
  if (earlier.propertyName !== undefined && earlier.propertyName === summary.params.propertyName) return true;
  return schemas.some((schema) => earlier.schemaPath.startsWith(schema));
}

/** The steps of a JSON Pointer; numbers where the value is an array. */
function toPath(pointer: string, value: unknown): (string | number)[] {
  const path: (string | number)[] = [];
  let current = value;
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    path.push(Array.isArray(current) ? Number(name) : name);
    current = valueAt(current, path.slice(-1));
  }
  return path;
}

function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  let current = value;
  for (const part of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, part)) return undefined;
    current = Object.getOwnPropertyDescriptor(current, part)?.value;
  }
  return current;
}

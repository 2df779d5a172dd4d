// Collects what is wrong with one definition. Findings name nodes; the report turns them into places.
import { nearestName } from './nearest-name.ts';
import type { Problem, Rule } from './problem.ts';
import { type Node, pointerSteps, toJson } from './source/node.ts';
import type { Source } from './source/source.ts';

/** Longer values say no more to the author (spec servers §5 uses the same bound). */
const RECEIVED_LENGTH_MAX = 200;
/** A value that was put beside its place may still be a secret. */
const SECRET_KEY = /auth|keys?$|secret|token|passw|credential|headers|^env$|^url$/i;

export interface Finding {
  readonly rule: Rule;
  readonly node: Node;
  /** Points to the key that names the node instead of the value. */
  readonly atKey?: boolean;
  readonly message: string;
  readonly fix: string;
  /** `value` shows the node's value, `secret` shows that there is one. Absent: nothing. */
  readonly received?: 'value' | 'secret';
  /** An unknown name and the known ones: adds the closest to the message. */
  readonly unknown?: { readonly name: string; readonly known: Iterable<string> };
}

export interface Report {
  readonly problems: readonly Problem[];
  error(finding: Finding): void;
  warning(finding: Finding): void;
  /** Takes over problems of another report on the same source. */
  add(problems: readonly Problem[]): void;
}

/** A report on definitions in `source`; the same finding at the same place counts once. */
export function createReport(source: Source): Report {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  const add = (problem: Problem) => {
    const identity = `${problem.line}:${problem.column}:${problem.rule}:${problem.message}`;
    if (seen.has(identity)) return;
    seen.add(identity);
    problems.push(problem);
  };
  return {
    problems,
    error: (finding) => add(toProblem(source, 'error', finding)),
    warning: (finding) => add(toProblem(source, 'warning', finding)),
    add: (others) => others.forEach(add),
  };
}

function toProblem(source: Source, severity: Problem['severity'], finding: Finding): Problem {
  const { node, unknown } = finding;
  const place = source.position(finding.atKey === true ? (node.keyAt ?? node.at) : node.at);
  const nearest = unknown === undefined ? undefined : nearestName(unknown.name, unknown.known);
  const received = receivedText(finding);
  return {
    severity,
    file: source.file,
    line: place.line,
    column: place.column,
    pointer: node.pointer,
    rule: finding.rule,
    message: nearest === undefined ? finding.message : `${finding.message} Did you mean '${nearest}'?`,
    ...(received === undefined ? {} : { received }),
    fix: finding.fix,
    ...(nearest === undefined ? {} : { nearest }),
  };
}

/** Objects and lists are not shown: a secret may stand anywhere in them. */
function receivedText({ node, received }: Finding): string | undefined {
  if (received === undefined || (node.kind !== 'scalar' && received === 'value')) return undefined;
  const key = pointerSteps(node.pointer).findLast((step) => !/^\d+$/.test(step)) ?? '';
  if (received === 'secret' || SECRET_KEY.test(key)) return '***';
  const text = JSON.stringify(toJson(node));
  return text.length <= RECEIVED_LENGTH_MAX ? text : `${text.slice(0, RECEIVED_LENGTH_MAX - 1)}…`;
}

// What the parsers of YAML and JSON both answer.
import type { Rule } from '../problem.ts';
import type { Node } from './node.ts';

/** A place in a text where parsing failed. */
export interface SyntaxProblem {
  readonly at: number;
  readonly rule: Extract<Rule, 'syntax' | 'duplicate-key' | 'size'>;
  readonly message: string;
  readonly fix: string;
  readonly pointer?: string;
}
/** The root is undefined where the text could not be understood; repeated keys do not prevent it. */
export interface Parsed {
  readonly root: Node | undefined;
  readonly problems: readonly SyntaxProblem[];
}

export function duplicateKey(at: number, pointer: string): SyntaxProblem {
  return {
    at,
    pointer,
    rule: 'duplicate-key',
    message: 'The key stands twice in this object.',
    fix: 'Remove or rename one of the two.',
  };
}

// Compiles a syntax tree to a nondeterministic automaton over bytes (Thompson 1968; Cox, "Regular Expression
// Matching Can Be Simple And Fast"). It is built back to front, so every state knows where it leads.

import { TextIndexError } from '../text-index-error.ts';
import { type CodePointSet, setContains, subtractSet } from './code-point-set.ts';
import { ASSERTIONS, type Assertion, type RegexNode } from './regex-node.ts';
import { UTF8_ACCEPT, utf8Automaton } from './utf8-automaton.ts';

/** What a state does. */
export const Op = { match: 0, split: 1, ranges: 2, assert: 3, fail: 4 } as const;

/**
 * More states are refused. Each byte may visit every state, so this bounds the time per byte;
 * 50,000 admits \w{150} (Unicode) and is five times the largest honest pattern seen.
 */
const STATES_MAX = 50_000;

const LINE_FEED = 0x0a;

/** The automaton: parallel arrays indexed by state. */
export interface RegexProgram {
  readonly op: Uint8Array;
  /** split: preferred target. ranges: index of the first range. assert: index into ASSERTIONS. */
  readonly a: Int32Array;
  /** split: other target. ranges: index after the last range. assert: target. */
  readonly b: Int32Array;
  /** Triples `[low, high, target]` of byte ranges. */
  readonly ranges: Int32Array;
  readonly start: number;
  readonly hasAssertions: boolean;
  readonly hasWordAssertions: boolean;
  /** Whether a match may contain a line feed; otherwise the text is a sequence of lines. */
  readonly multiline: boolean;
}

/**
 * Compiles `node`. Without `multiline`, line feeds are taken out of every class, as ripgrep does.
 * @throws TextIndexError `pattern_too_large`.
 */
export function compileRegex(node: RegexNode, options: { readonly multiline: boolean }): RegexProgram {
  const compiler = new Compiler(options.multiline);
  return compiler.finish(node);
}

/** One set object occurs many times, \w in most patterns; keeping one result keeps its automaton cached too. */
const lineSets = new WeakMap<CodePointSet, CodePointSet>();

function withoutLineFeed(set: CodePointSet): CodePointSet {
  if (!setContains(set, LINE_FEED)) return set;
  let stripped = lineSets.get(set);
  if (stripped === undefined) {
    stripped = subtractSet(set, [LINE_FEED, LINE_FEED]);
    lineSets.set(set, stripped);
  }
  return stripped;
}

class Compiler {
  readonly #multiline: boolean;
  readonly #op: number[] = [];
  readonly #a: number[] = [];
  readonly #b: number[] = [];
  readonly #ranges: number[] = [];
  readonly #assertions = new Set<Assertion>();

  constructor(multiline: boolean) {
    this.#multiline = multiline;
  }

  finish(node: RegexNode): RegexProgram {
    const match = this.#state(Op.match, 0, 0);
    const start = this.#compile(node, match);
    return {
      op: Uint8Array.from(this.#op),
      a: Int32Array.from(this.#a),
      b: Int32Array.from(this.#b),
      ranges: Int32Array.from(this.#ranges),
      start,
      hasAssertions: this.#assertions.size > 0,
      hasWordAssertions: [...this.#assertions].some((name) => name.includes('word')),
      multiline: this.#multiline,
    };
  }

  #compile(node: RegexNode, next: number): number {
    switch (node.kind) {
      case 'empty':
        return next;
      case 'class':
        return this.#class(node.set, next);
      case 'concat':
        return node.parts.reduceRight((target, part) => this.#compile(part, target), next);
      case 'alternate':
        return this.#alternate(node.parts, next);
      case 'repeat':
        return this.#repeat(node, next);
      case 'assert':
        this.#assertions.add(node.assertion);
        return this.#state(Op.assert, ASSERTIONS.indexOf(node.assertion), next);
    }
  }

  #alternate(parts: readonly RegexNode[], next: number): number {
    const targets = parts.map((part) => this.#compile(part, next));
    return targets.reduceRight((rest, target) => this.#state(Op.split, target, rest));
  }

  #repeat(node: RegexNode & { kind: 'repeat' }, next: number): number {
    let target = next;
    if (node.max === Number.POSITIVE_INFINITY) {
      const loop = this.#state(Op.split, next, next);
      const body = this.#compile(node.part, loop);
      this.#a[loop] = node.greedy ? body : next;
      this.#b[loop] = node.greedy ? next : body;
      if (node.min > 0) target = body;
      else target = loop;
      return this.#copies(node.part, node.min - 1, target);
    }
    for (let i = node.min; i < node.max; i++) {
      const body = this.#compile(node.part, target);
      target = node.greedy ? this.#state(Op.split, body, next) : this.#state(Op.split, next, body);
    }
    return this.#copies(node.part, node.min, target);
  }

  #copies(part: RegexNode, count: number, next: number): number {
    let target = next;
    for (let i = 0; i < count; i++) target = this.#compile(part, target);
    return target;
  }

  #class(set: CodePointSet, next: number): number {
    const automaton = utf8Automaton(this.#multiline ? set : withoutLineFeed(set));
    const ids: number[] = [];
    for (const edges of automaton) {
      const first = this.#ranges.length / 3;
      for (const edge of edges) {
        this.#ranges.push(
          edge.low,
          edge.high,
          edge.target === UTF8_ACCEPT ? next : (ids[edge.target] ?? next),
        );
      }
      ids.push(this.#state(edges.length === 0 ? Op.fail : Op.ranges, first, first + edges.length));
    }
    return ids.at(-1) ?? this.#state(Op.fail, 0, 0);
  }

  #state(op: number, a: number, b: number): number {
    if (this.#op.length >= STATES_MAX) {
      throw new TextIndexError(
        'pattern_too_large',
        `The pattern needs more than ${STATES_MAX} states; lower its repetition counts or use ASCII classes such as [a-z].`,
      );
    }
    this.#op.push(op);
    this.#a.push(a);
    return this.#b.push(b) - 1;
  }
}

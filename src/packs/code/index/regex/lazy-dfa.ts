// Tells whether text contains a match, one table look-up per byte. States are built when first reached and
// dropped when they fill their share of memory, so time stays linear and memory bounded for every pattern
// (RE2's approach; Cox, "Regular Expression Matching in the Wild"). It knows nothing of where a match starts.

import { isAsciiWord } from './position-check.ts';
import { ASSERTIONS, type Assertion } from './regex-node.ts';
import { Op, type RegexProgram } from './regex-program.ts';
import { StateSet, StateTable } from './state-table.ts';

/** What the scan met: nothing yet, a match, or a byte that only the slower machine can judge. */
export type ScanOutcome = 'none' | 'match' | 'quit';

const LINE_FEED = 0x0a;
const ASCII_LIMIT = 0x80;
const BYTE_VALUES = 256;
/** Stands for the end of the text where a byte is expected. */
const END_OF_TEXT = -1;

/** What precedes the position, as far as assertions care. */
const Before = { textStart: 1, lineFeed: 2, word: 4 } as const;

/** Scans text in pieces. Without `multiline` every line is a text of its own and the scan restarts at its end. */
export class LazyDfa {
  #outcome: ScanOutcome = 'none';
  readonly #program: RegexProgram;
  readonly #classOf: Uint8Array;
  readonly #representatives: readonly number[];
  readonly #endClass: number;
  readonly #table: StateTable;
  readonly #set: StateSet;
  readonly #expanded: StateSet;
  #start: number;
  #state: number;

  constructor(program: RegexProgram) {
    this.#program = program;
    const classes = byteClasses(program);
    this.#classOf = classes.classOf;
    this.#representatives = classes.representatives;
    this.#endClass = classes.representatives.length;
    this.#table = new StateTable(this.#endClass + 1);
    this.#set = new StateSet(program.op.length);
    this.#expanded = new StateSet(program.op.length);
    this.#start = this.#startState();
    this.#state = this.#start;
  }

  /** What the last {@link scan} or {@link finish} met. */
  outcome(): ScanOutcome {
    return this.#outcome;
  }

  /** Forgets what was read: the next byte is the first of a text. */
  reset(): void {
    this.#state = this.#start;
    this.#outcome = 'none';
  }

  /**
   * Reads bytes `from..to`. Returns `to`, or the offset of the byte at which a match became certain (a byte of
   * the matching line, or the line feed that ends it) or could not be judged; see {@link outcome}.
   */
  scan(bytes: Uint8Array, from: number, to: number): number {
    this.#outcome = 'none';
    const classOf = this.#classOf;
    const lastSpecial = this.#table.quit;
    let transitions = this.#table.transitions;
    let state = this.#state;
    if (state <= lastSpecial) return this.#stop(state, from);
    for (let position = from; position < to; position++) {
      const byteClass = classOf[bytes[position] as number] as number;
      let next = transitions[state + byteClass] as number;
      if (next <= lastSpecial) {
        if (next === 0) {
          next = this.#build(state, byteClass);
          transitions = this.#table.transitions;
        }
        if (next <= lastSpecial) return this.#stop(next, position);
      }
      state = next;
    }
    this.#state = state;
    return to;
  }

  /** Ends the text after what was read; sets {@link outcome} to `match` if that completes one. */
  finish(): void {
    if (this.#state <= this.#table.quit) {
      this.#outcome = this.#state === this.#table.match ? 'match' : 'quit';
      return;
    }
    let next = this.#table.transitions[this.#state + this.#endClass] ?? 0;
    if (next === 0) next = this.#build(this.#state, this.#endClass);
    this.#outcome = next === this.#table.match ? 'match' : 'none';
  }

  #stop(state: number, position: number): number {
    this.#outcome = state === this.#table.match ? 'match' : 'quit';
    this.#state = this.#start;
    return position;
  }

  #startState(): number {
    this.#set.clear();
    this.#addClosure(this.#set, this.#program.start);
    if (this.#set.has(this.#matchState())) return this.#table.match;
    return this.#table.intern(this.#set.sorted(), this.#program.hasAssertions ? Before.textStart : 0);
  }

  #build(state: number, byteClass: number): number {
    const byte = byteClass === this.#endClass ? END_OF_TEXT : (this.#representatives[byteClass] ?? 0);
    const target = this.#target(state, byte);
    if (!this.#table.full) {
      this.#table.transitions[state + byteClass] = target;
      return target;
    }
    // Everything known is dropped; only the state the scan stands in and the start are worth keeping.
    const kept =
      target > this.#table.quit
        ? { states: this.#table.states(target), before: this.#table.before(target) }
        : undefined;
    this.#table.clear();
    this.#start = this.#startState();
    return kept === undefined ? target : this.#table.intern(kept.states, kept.before);
  }

  #target(state: number, byte: number): number {
    const program = this.#program;
    if (program.hasWordAssertions && byte >= ASCII_LIMIT) return this.#table.quit;
    let states = this.#table.states(state);
    if (program.hasAssertions) {
      states = this.#resolveAssertions(state, byte);
      if (this.#expanded.has(this.#matchState())) return this.#table.match;
    }
    if (byte === END_OF_TEXT || (byte === LINE_FEED && !program.multiline)) return this.#start;
    this.#set.clear();
    for (const from of states) this.#follow(from, byte);
    this.#addClosure(this.#set, program.start);
    if (this.#set.has(this.#matchState())) return this.#table.match;
    return this.#table.intern(this.#set.sorted(), this.#before(byte));
  }

  #follow(from: number, byte: number): void {
    const { op, a, b, ranges } = this.#program;
    if (op[from] !== Op.ranges) return;
    const last = b[from] ?? 0;
    for (let range = a[from] ?? 0; range < last; range++) {
      if (byte < (ranges[3 * range] ?? 0)) return;
      if (byte <= (ranges[3 * range + 1] ?? 0)) {
        this.#addClosure(this.#set, ranges[3 * range + 2] ?? 0);
        return;
      }
    }
  }

  /** The states reachable once the assertions that hold between the previous byte and `byte` are passed. */
  #resolveAssertions(state: number, byte: number): Int32Array {
    const before = this.#table.before(state);
    this.#expanded.clear();
    for (const from of this.#table.states(state)) {
      this.#addClosure(this.#expanded, from, (assertion) => holdsBetween(assertion, before, byte));
    }
    return this.#expanded.sorted();
  }

  #addClosure(set: StateSet, root: number, holds?: (assertion: Assertion) => boolean): void {
    const { op, a, b } = this.#program;
    const stack = [root];
    for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
      if (!set.visit(state)) continue;
      if (op[state] === Op.split) stack.push(b[state] ?? 0, a[state] ?? 0);
      else if (op[state] === Op.assert) {
        const assertion = ASSERTIONS[a[state] ?? 0];
        if (holds === undefined) set.add(state);
        else if (assertion !== undefined && holds(assertion)) stack.push(b[state] ?? 0);
      } else if (op[state] !== Op.fail) set.add(state);
    }
  }

  #before(byte: number): number {
    if (!this.#program.hasAssertions) return 0;
    return (byte === LINE_FEED ? Before.lineFeed : 0) | (isAsciiWord(byte) ? Before.word : 0);
  }

  // The compiler allocates the match state first.
  #matchState(): number {
    return 0;
  }
}

function holdsBetween(assertion: Assertion, before: number, byte: number): boolean {
  const wordBefore = (before & Before.word) !== 0;
  const wordAfter = byte !== END_OF_TEXT && isAsciiWord(byte);
  switch (assertion) {
    case 'text-start':
      return (before & Before.textStart) !== 0;
    case 'text-end':
      return byte === END_OF_TEXT;
    case 'line-start':
      return (before & (Before.textStart | Before.lineFeed)) !== 0;
    case 'line-end':
      return byte === END_OF_TEXT || byte === LINE_FEED;
    case 'word-boundary':
      return wordBefore !== wordAfter;
    case 'not-word-boundary':
      return wordBefore === wordAfter;
    case 'word-start':
      return !wordBefore && wordAfter;
    case 'word-end':
      return wordBefore && !wordAfter;
  }
}

/** Bytes that no state tells apart share a class, which keeps the table narrow. */
function byteClasses(program: RegexProgram): { classOf: Uint8Array; representatives: readonly number[] } {
  const starts = new Uint8Array(BYTE_VALUES + 1);
  for (let i = 0; i < program.ranges.length; i += 3) {
    starts[program.ranges[i] ?? 0] = 1;
    starts[(program.ranges[i + 1] ?? 0) + 1] = 1;
  }
  starts[LINE_FEED] = 1;
  starts[LINE_FEED + 1] = 1;
  if (program.hasWordAssertions) {
    starts[ASCII_LIMIT] = 1;
    for (let byte = 1; byte < ASCII_LIMIT; byte++)
      if (isAsciiWord(byte) !== isAsciiWord(byte - 1)) starts[byte] = 1;
  }
  const classOf = new Uint8Array(BYTE_VALUES);
  const representatives = [0];
  for (let byte = 1; byte < BYTE_VALUES; byte++) {
    if (starts[byte] === 1) representatives.push(byte);
    classOf[byte] = representatives.length - 1;
  }
  return { classOf, representatives };
}

// Finds the leftmost-first match by running all threads of the automaton in step (Pike's virtual machine; Cox,
// "Regular Expression Matching: the Virtual Machine Approach"). Time is bytes x states, whatever the pattern.

import { type Haystack, holdsAt } from './position-check.ts';
import { Op, type RegexProgram } from './regex-program.ts';

/** Where a match lies, as byte offsets into the haystack's bytes. */
export interface MatchSpan {
  readonly start: number;
  readonly end: number;
}

interface ThreadList {
  size: number;
  /** States in order of preference. */
  readonly states: Int32Array;
  /** Where each thread's match began. */
  readonly starts: Int32Array;
  /** For each state the step in which it was last added, so that clearing costs nothing. */
  readonly seen: Int32Array;
}

/** Runs one program; reusable, not re-entrant. */
export class PikeMachine {
  readonly #program: RegexProgram;
  #current: ThreadList;
  #next: ThreadList;
  readonly #stack: number[] = [];
  /** 1 for each byte with which a match may begin; undefined when a match may be empty. */
  readonly #firstBytes: Uint8Array | undefined;
  #step = 0;

  constructor(program: RegexProgram) {
    this.#program = program;
    this.#firstBytes = firstBytes(program);
    this.#current = createList(program.op.length);
    this.#next = createList(program.op.length);
  }

  /**
   * The leftmost match that starts at or after `from`. The search gives the thread back through `pause`
   * about every `pauseBytes` bytes, for hostile lines of many megabytes.
   */
  *find(haystack: Haystack, from: number, pauseBytes: number): Generator<void, MatchSpan | undefined> {
    this.#current.size = 0;
    let match: MatchSpan | undefined;
    for (let position = from; position <= haystack.end; position++) {
      if (match === undefined && this.#current.size === 0) position = this.#skip(haystack, position);
      if (match === undefined) {
        if (this.#current.size === 0) this.#step++;
        this.#add(this.#current, this.#program.start, { start: position, haystack, position });
      } else if (this.#current.size === 0) {
        break;
      }
      match = this.#advance(haystack, position) ?? match;
      if ((position - from) % pauseBytes === pauseBytes - 1) yield;
    }
    return match;
  }

  /** The first position at which a match may begin, or the end. */
  #skip(haystack: Haystack, from: number): number {
    const first = this.#firstBytes;
    if (first === undefined) return from;
    let position = from;
    while (position < haystack.end && first[haystack.bytes[position] as number] === 0) position++;
    return position;
  }

  /** Moves every thread over one byte; returns the match of the most preferred thread that ended here. */
  #advance(haystack: Haystack, position: number): MatchSpan | undefined {
    const { op, a, b, ranges } = this.#program;
    const { states, starts, size } = this.#current;
    const byte = position < haystack.end ? (haystack.bytes[position] ?? 0) : -1;
    let match: MatchSpan | undefined;
    this.#next.size = 0;
    this.#step++;
    for (let i = 0; i < size; i++) {
      const state = states[i] ?? 0;
      const start = starts[i] ?? 0;
      if (op[state] === Op.match) {
        match = { start, end: position };
        break;
      }
      const last = b[state] ?? 0;
      for (let range = a[state] ?? 0; range < last; range++) {
        if (byte < (ranges[3 * range] ?? 0)) break;
        if (byte > (ranges[3 * range + 1] ?? 0)) continue;
        this.#add(this.#next, ranges[3 * range + 2] ?? 0, { start, haystack, position: position + 1 });
        break;
      }
    }
    [this.#current, this.#next] = [this.#next, this.#current];
    return match;
  }

  // Follows the arrows that consume nothing; an explicit stack, because long alternations are deep.
  #add(list: ThreadList, root: number, at: { start: number; haystack: Haystack; position: number }): void {
    const { op, a, b } = this.#program;
    const stack = this.#stack;
    stack.push(root);
    for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
      if (list.seen[state] === this.#step) continue;
      list.seen[state] = this.#step;
      if (op[state] === Op.split) stack.push(b[state] ?? 0, a[state] ?? 0);
      else if (op[state] === Op.assert) {
        if (holdsAt(a[state] ?? 0, at.haystack, at.position)) stack.push(b[state] ?? 0);
      } else if (op[state] !== Op.fail) {
        list.states[list.size] = state;
        list.starts[list.size] = at.start;
        list.size++;
      }
    }
  }
}

function createList(states: number): ThreadList {
  return {
    size: 0,
    states: new Int32Array(states),
    starts: new Int32Array(states),
    seen: new Int32Array(states).fill(-1),
  };
}

// Assertions are taken to hold: the bytes are a superset, which only makes skipping stop too early.
function firstBytes(program: RegexProgram): Uint8Array | undefined {
  const { op, a, b, ranges } = program;
  const first = new Uint8Array(256);
  const seen = new Set<number>();
  const stack = [program.start];
  for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
    if (seen.has(state)) continue;
    seen.add(state);
    if (op[state] === Op.match) return undefined;
    if (op[state] === Op.split) stack.push(a[state] ?? 0, b[state] ?? 0);
    else if (op[state] === Op.assert) stack.push(b[state] ?? 0);
    else if (op[state] === Op.ranges) {
      for (let range = a[state] ?? 0; range < (b[state] ?? 0); range++) {
        first.fill(1, ranges[3 * range] ?? 0, (ranges[3 * range + 1] ?? 0) + 1);
      }
    }
  }
  return first;
}

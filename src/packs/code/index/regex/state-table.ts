// Storage of a lazily built automaton: interned state sets and their transition table.

/** Transition cells kept before the table is dropped: 4 MiB, far above what honest patterns reach. */
const CELLS_MAX = 1 << 20;
/** Members of all interned sets kept before the table is dropped: 4 MiB. */
const MEMBERS_MAX = 1 << 20;
const CELLS_FIRST = 1 << 12;

interface Interned {
  readonly states: Int32Array;
  readonly before: number;
  readonly id: number;
}

/** State ids are premultiplied by the row length; 0 in a cell means "not built yet". */
export class StateTable {
  /** `transitions[id + class]` is the id of the next state. The array is replaced when it grows. */
  transitions: Int32Array = new Int32Array(CELLS_FIRST);
  /** The id that stands for "a match was found". */
  readonly match: number;
  /** The id that stands for "cannot judge"; the largest special id. */
  readonly quit: number;
  readonly #stride: number;
  #rows = 3;
  #members = 0;
  #byHash = new Map<number, Interned[]>();
  #byRow: (Interned | undefined)[] = [];

  constructor(stride: number) {
    this.#stride = stride;
    this.match = stride;
    this.quit = 2 * stride;
  }

  /** Whether the table has to be cleared before more states are built. */
  get full(): boolean {
    return this.#rows * this.#stride > CELLS_MAX || this.#members > MEMBERS_MAX;
  }

  /** The id of the state with these members (sorted) and this left context. */
  intern(states: Int32Array, before: number): number {
    const hash = hashOf(states, before);
    const bucket = this.#byHash.get(hash) ?? [];
    const known = bucket.find((entry) => entry.before === before && sameMembers(entry.states, states));
    if (known !== undefined) return known.id;
    const id = this.#rows * this.#stride;
    const entry: Interned = { states, before, id };
    bucket.push(entry);
    this.#byHash.set(hash, bucket);
    this.#byRow[this.#rows] = entry;
    this.#rows++;
    this.#members += states.length;
    this.#grow();
    return id;
  }

  /** The members of a state. */
  states(id: number): Int32Array {
    return this.#byRow[id / this.#stride]?.states ?? new Int32Array(0);
  }

  /** The left context of a state. */
  before(id: number): number {
    return this.#byRow[id / this.#stride]?.before ?? 0;
  }

  /** Drops every state. */
  clear(): void {
    this.#rows = 3;
    this.#members = 0;
    this.#byHash = new Map();
    this.#byRow = [];
    this.transitions.fill(0);
  }

  #grow(): void {
    const needed = this.#rows * this.#stride;
    if (needed <= this.transitions.length) return;
    const larger = new Int32Array(Math.max(needed, this.transitions.length * 2));
    larger.set(this.transitions);
    this.transitions = larger;
  }
}

/** A set of automaton states that is cleared in constant time. */
export class StateSet {
  readonly #visited: Int32Array;
  readonly #added: Int32Array;
  readonly #members: Int32Array;
  #size = 0;
  #round = 1;

  constructor(capacity: number) {
    this.#visited = new Int32Array(capacity);
    this.#added = new Int32Array(capacity);
    this.#members = new Int32Array(capacity);
  }

  /** Empties the set. */
  clear(): void {
    this.#size = 0;
    this.#round++;
  }

  /** Marks a state as seen; false when it was seen before. */
  visit(state: number): boolean {
    if (this.#visited[state] === this.#round) return false;
    this.#visited[state] = this.#round;
    return true;
  }

  /** Makes a state a member. */
  add(state: number): void {
    this.#added[state] = this.#round;
    this.#members[this.#size++] = state;
  }

  /** Whether a state is a member. */
  has(state: number): boolean {
    return this.#added[state] === this.#round;
  }

  /** A sorted copy of the members. */
  sorted(): Int32Array {
    return this.#members.slice(0, this.#size).sort();
  }
}

// FNV-1a over the members.
function hashOf(states: Int32Array, before: number): number {
  let hash = 0x811c9dc5 ^ before;
  for (const state of states) hash = Math.imul(hash ^ state, 0x01000193);
  return hash;
}

function sameMembers(a: Int32Array, b: Int32Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

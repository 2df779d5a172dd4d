// Compiles a `pattern` so that matching takes time linear in the text, whatever the text.
// V8 falls back to its own linear engine on excessive backtracking (switched on first thing in main), but only
// for expressions without flags whose counted repetitions stay small; the rest runs on the automaton here.
import { type CodePoints, includes, toSource } from './code-points.ts';
import { needsUnicodeMode, type PatternNode, parsePattern } from './parse-pattern.ts';

/** A compiled pattern as the schema engine uses it. */
export interface Matcher {
  test(text: string): boolean;
}

/** V8's linear engine copies counted repetitions and gives up above this product of counts. */
const V8_REPLICATION_MAX = 16;
/** Backtracking steps per character that cost no more than the automaton would. */
const BACKTRACK_STEPS_MAX = 1000;
/** States of one automaton; 20,000 of them walk about 5,000 characters a second in the worst case. */
const STATES_MAX = 20_000;

/** Throws SyntaxError where the pattern is malformed, unsupported, or too large to match in linear time. */
export function compilePattern(pattern: string): Matcher {
  const tree = parsePattern(pattern);
  if (replication(tree) > V8_REPLICATION_MAX && !isCheapToBacktrack(tree)) return createAutomaton(tree);
  // Without the flag `u`, which the fall-back does not support, one character may be two units.
  const needsUnits = needsUnicodeMode(pattern) || countsWideSets(tree, false);
  return new RegExp(needsUnits ? emit(tree) : pattern);
}

/** Largest product of nested counts, each at least 1. */
function replication(node: PatternNode): number {
  switch (node.kind) {
    case 'sequence':
      return Math.max(1, ...node.items.map(replication));
    case 'choice':
      return Math.max(1, ...node.options.map(replication));
    case 'repeat':
      return Math.max(1, node.min, Number.isFinite(node.max) ? node.max : 1) * replication(node.item);
    default:
      return 1;
  }
}

/** No repetition inside another, anchored, and the ways to split a text among the repetitions are few. */
function isCheapToBacktrack(tree: PatternNode): boolean {
  const first = tree.kind === 'sequence' ? tree.items[0] : undefined;
  if (first?.kind !== 'anchor' || first.at !== 'start') return false;
  return backtrackSteps(tree, false) <= BACKTRACK_STEPS_MAX;
}

function backtrackSteps(node: PatternNode, repeated: boolean): number {
  switch (node.kind) {
    case 'sequence':
      return node.items.reduce((product, item) => product * backtrackSteps(item, repeated), 1);
    case 'choice':
      if (repeated) return Number.POSITIVE_INFINITY;
      return node.options.reduce((sum, option) => sum + backtrackSteps(option, repeated), 0);
    case 'repeat': {
      if (repeated && node.min !== node.max) return Number.POSITIVE_INFINITY;
      const inner = backtrackSteps(node.item, node.max > 1 || repeated);
      return inner * (Number.isFinite(node.max) ? node.max - node.min + 1 : BACKTRACK_STEPS_MAX);
    }
    default:
      return 1;
  }
}

/** Whether a counted repetition counts characters that may take two units. */
function countsWideSets(node: PatternNode, counted: boolean): boolean {
  switch (node.kind) {
    case 'set':
      return (counted || node.set.length === 1) && (node.set.at(-1)?.[1] ?? 0) > 0xff_ff;
    case 'sequence':
      return node.items.some((item) => countsWideSets(item, counted));
    case 'choice':
      return node.options.some((option) => countsWideSets(option, counted));
    case 'repeat': {
      const counts = node.min > 1 || (Number.isFinite(node.max) && node.max > 1);
      return countsWideSets(node.item, counted || counts);
    }
    default:
      return false;
  }
}

function emit(node: PatternNode): string {
  switch (node.kind) {
    case 'set':
      return toSource(node.set);
    case 'anchor':
      return { start: '^', end: '$', boundary: '\\b', inside: '\\B' }[node.at];
    case 'sequence':
      return node.items.map(emit).join('');
    case 'choice':
      return `(?:${node.options.map(emit).join('|')})`;
    case 'repeat':
      return `(?:${emit(node.item)}){${node.min},${Number.isFinite(node.max) ? node.max : ''}}`;
  }
}

/** A state consumes a character of its set, passes an anchor, or forks; state 0 accepts. */
type State =
  | { readonly set: CodePoints; readonly next: number }
  | { readonly anchor: 'start' | 'end' | 'boundary' | 'inside'; readonly next: number }
  | { readonly fork: number[] };

/** Thompson's construction, simulated with a set of states per character. */
function createAutomaton(tree: PatternNode): Matcher {
  const states: State[] = [{ fork: [] }];
  const start = addStates(states, tree, 0);
  return { test: (text) => runAutomaton(states, start, text) };
}

/** Adds the states of `node` so that they lead to `next`; gives the first of them. */
function addStates(states: State[], node: PatternNode, next: number): number {
  switch (node.kind) {
    case 'set':
      return addState(states, { set: node.set, next });
    case 'anchor':
      return addState(states, { anchor: node.at, next });
    case 'sequence':
      return node.items.reduceRight((follower, item) => addStates(states, item, follower), next);
    case 'choice':
      return addState(states, { fork: node.options.map((option) => addStates(states, option, next)) });
    case 'repeat':
      return addRepeat(states, node, next);
  }
}

function addRepeat(states: State[], node: PatternNode & { kind: 'repeat' }, next: number): number {
  let first = next;
  if (Number.isFinite(node.max)) {
    for (let count = node.min; count < node.max; count++) {
      first = addState(states, { fork: [addStates(states, node.item, first), next] });
    }
  } else {
    const fork: number[] = [next];
    first = addState(states, { fork });
    fork.push(addStates(states, node.item, first));
  }
  for (let count = 0; count < node.min; count++) first = addStates(states, node.item, first);
  return first;
}

function addState(states: State[], state: State): number {
  if (states.length >= STATES_MAX) throw new SyntaxError('its counted repetitions are too large');
  states.push(state);
  return states.length - 1;
}

function runAutomaton(states: readonly State[], start: number, text: string): boolean {
  const seen = new Uint32Array(states.length);
  let current: number[] = [];
  let step = 0;
  for (let position = 0; ; ) {
    step++;
    // A search without an anchor may begin at any character.
    const active = follow(states, [...current, start], { text, position, seen, step });
    if (active === undefined) return true;
    const codePoint = text.codePointAt(position);
    if (codePoint === undefined) return false;
    current = [];
    for (const index of active) {
      const state = states[index];
      if (state !== undefined && 'set' in state && includes(state.set, codePoint)) current.push(state.next);
    }
    position += codePoint > 0xff_ff ? 2 : 1;
  }
}

interface Place {
  readonly text: string;
  readonly position: number;
  /** Step in which each state was last visited. */
  readonly seen: Uint32Array;
  readonly step: number;
}

/** The consuming states reachable without a character; undefined when the accepting state is among them. */
function follow(states: readonly State[], from: number[], place: Place): number[] | undefined {
  const consuming: number[] = [];
  const open = from;
  while (open.length > 0) {
    const index = open.pop() ?? 0;
    if (index === 0) return undefined;
    if (place.seen[index] === place.step) continue;
    place.seen[index] = place.step;
    const state = states[index];
    if (state === undefined) continue;
    if ('set' in state) consuming.push(index);
    else if ('fork' in state) open.push(...state.fork);
    else if (holds(state.anchor, place)) open.push(state.next);
  }
  return consuming;
}

function holds(anchor: 'start' | 'end' | 'boundary' | 'inside', { text, position }: Place): boolean {
  if (anchor === 'start') return position === 0;
  if (anchor === 'end') return position === text.length;
  const isWord = (unit: string | undefined) => unit !== undefined && /\w/.test(unit);
  const boundary = isWord(text[position - 1]) !== isWord(text[position]);
  return boundary === (anchor === 'boundary');
}

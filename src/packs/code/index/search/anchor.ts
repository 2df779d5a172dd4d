// Picks the needles at which verification looks first: one of them occurs in every match, so the kernel skips most lines
// and the automaton runs on the few that are left, or on none where an occurrence is a match.

import type { RegexNode } from '../regex/regex-node.ts';
import { type Cell, cellsOf, NEEDLE_LENGTH_MAX, type Needle, setHolds, toNeedle } from './needle.ts';

/** Needles one of which occurs in every match. */
export interface Anchor {
  readonly needles: readonly Needle[];
  /** Whether a line matches where it holds one, with nothing left to verify. */
  readonly isDecisive: boolean;
  /** Whether a match may have one of the strays instead of a byte, so that only text without them can be judged. */
  readonly hasStrays: boolean;
  /** Set where a match is just an occurrence of the only needle. */
  readonly whole: Needle | undefined;
}

/** More needles and running the automaton over the whole block is cheaper than as many searches. */
const NEEDLES_MAX = 6;
/** What a byte that is one of several adds to the worth of a needle; one that can be a probe adds 1. */
const SET_WORTH = 0.1;

type Run = readonly Cell[];

/** The best anchor of a pattern, if every match has one. */
export function findAnchor(node: RegexNode): Anchor | undefined {
  const trimmed = trimEnds(node);
  const runs = runsOf(trimmed);
  const decisive = runs === undefined ? undefined : needlesOf(runs);
  if (decisive !== undefined) {
    const whole = trimmed === node && decisive.length === 1 ? decisive[0] : undefined;
    return { needles: decisive, isDecisive: true, hasStrays: haveStrays(runs ?? []), whole };
  }
  const chosen = anchorOf(node);
  const needles = chosen === undefined ? undefined : needlesOf(chosen);
  if (chosen === undefined || needles === undefined) return undefined;
  return { needles, isDecisive: false, hasStrays: haveStrays(chosen), whole: undefined };
}

/** The first place from `start` to before `end` where a needle occurs. */
export function findNeedle(
  { sets }: Needle,
  bytes: Uint8Array,
  { start, end }: { readonly start: number; readonly end: number },
): number | undefined {
  for (let at = start; at + sets.length <= end; at++) {
    let held = 0;
    while (held < sets.length && setHolds(sets[held] as Uint8Array, bytes[at + held] as number)) held++;
    if (held === sets.length) return at;
  }
  return undefined;
}

// Whether a line matches does not depend on how often what it may begin or end with is repeated.
function trimEnds(node: RegexNode): RegexNode {
  if (node.kind === 'repeat' && node.max > node.min) return { ...node, max: node.min };
  if (node.kind !== 'concat') return node;
  const { parts } = node;
  const trimmed = parts.map((part, at) => (at === 0 || at === parts.length - 1 ? trimEnds(part) : part));
  return trimmed.every((part, at) => part === parts[at]) ? node : { kind: 'concat', parts: trimmed };
}

/** Every run of bytes that a node matches, while these are few. */
function runsOf(node: RegexNode): readonly Run[] | undefined {
  switch (node.kind) {
    case 'empty':
      return [[]];
    case 'assert':
      return undefined;
    case 'class': {
      const cells = cellsOf(node.set);
      return cells === undefined ? undefined : [cells];
    }
    case 'concat':
      return node.parts.reduce<readonly Run[] | undefined>((left, part) => cross(left, runsOf(part)), [[]]);
    case 'alternate': {
      const branches = node.parts.map(runsOf);
      return branches.includes(undefined) ? undefined : bounded(branches.flatMap((branch) => branch ?? []));
    }
    case 'repeat':
      return repeated(node);
  }
}

function repeated({ part, min, max }: RegexNode & { kind: 'repeat' }): readonly Run[] | undefined {
  if (max > min && max > 1) return undefined;
  const once = runsOf(part);
  if (max > min) return once === undefined ? undefined : bounded([...once, []]);
  let runs: readonly Run[] | undefined = [[]];
  for (let copy = 0; copy < min && runs !== undefined; copy++) runs = cross(runs, once);
  return runs;
}

function cross(
  left: readonly Run[] | undefined,
  right: readonly Run[] | undefined,
): readonly Run[] | undefined {
  if (left === undefined || right === undefined || left.length * right.length > NEEDLES_MAX) return undefined;
  return bounded(left.flatMap((one) => right.map((other) => [...one, ...other])));
}

function bounded(runs: readonly Run[]): readonly Run[] | undefined {
  return runs.length > NEEDLES_MAX || runs.some((run) => run.length > NEEDLE_LENGTH_MAX) ? undefined : runs;
}

/** The best runs one of which is in every match. */
function anchorOf(node: RegexNode): readonly Run[] | undefined {
  switch (node.kind) {
    case 'empty':
    case 'assert':
      return undefined;
    case 'class':
      return best([runsOf(node)]);
    case 'concat':
      return best([...fixedRuns(node.parts).map((run) => [run]), ...node.parts.map(anchorOf)]);
    case 'alternate': {
      const branches = node.parts.map(anchorOf);
      return branches.includes(undefined) ? undefined : best([branches.flatMap((branch) => branch ?? [])]);
    }
    case 'repeat':
      return node.min > 0 ? anchorOf(node.part) : undefined;
  }
}

// The pieces of a sequence that have one length each. What is repeated ends one and begins the next with as many copies
// as there are at least.
function fixedRuns(parts: readonly RegexNode[]): Run[] {
  const runs: Run[] = [];
  let run: Run = [];
  for (const part of parts) {
    const isOpen = part.kind === 'repeat' && part.max > part.min;
    const [cells, ...others] = runsOf(isOpen ? { ...part, max: part.min } : part) ?? [];
    const isFixed = cells !== undefined && others.length === 0;
    const longer = isFixed ? [...run, ...cells] : run;
    if (isFixed && !isOpen && longer.length <= NEEDLE_LENGTH_MAX) run = longer;
    else {
      runs.push(longer.slice(0, NEEDLE_LENGTH_MAX));
      run = isFixed ? cells : [];
    }
  }
  return [...runs, run];
}

function best(candidates: readonly (readonly Run[] | undefined)[]): readonly Run[] | undefined {
  let chosen: readonly Run[] | undefined;
  for (const candidate of candidates) if (worth(candidate) > worth(chosen)) chosen = candidate;
  return chosen;
}

/** 0 for runs that cannot be looked for. */
function worth(runs: readonly Run[] | undefined): number {
  if (runs === undefined || runs.length > NEEDLES_MAX || needlesOf(runs) === undefined) return 0;
  const each = runs.map((run) =>
    run.reduce((sum, { probe }) => sum + (probe === undefined ? SET_WORTH : 1), 0),
  );
  return Math.min(...each) / Math.sqrt(runs.length);
}

function needlesOf(runs: readonly Run[]): readonly Needle[] | undefined {
  const needles = runs.map(toNeedle);
  return needles.length === 0 || needles.includes(undefined)
    ? undefined
    : needles.flatMap((needle) => needle ?? []);
}

function haveStrays(runs: readonly Run[]): boolean {
  return runs.some((run) => run.some((cell) => cell.hasStrays));
}

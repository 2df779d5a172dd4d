// Picks the literals at which verification looks first: one of them occurs in every match, so a native byte
// search skips most lines and the automaton runs on the few that are left.

import { caseOrbit, foldCodePoint } from '../regex/case-orbit.ts';
import { type CodePointSet, membersOf, setSize } from '../regex/code-point-set.ts';
import type { RegexNode } from '../regex/regex-node.ts';
import { encodeUtf8 } from '../regex/utf8-automaton.ts';

/** A literal to look for. */
export interface AnchorLiteral {
  /** Its bytes; lower case when `folded`. */
  readonly bytes: Buffer;
  /** Whether case is to be ignored while looking; such literals are ASCII. */
  readonly folded: boolean;
}

/** Literals one of which occurs in every match. */
export interface Anchor {
  readonly literals: readonly AnchorLiteral[];
  /** Whether an occurrence is a match, with nothing left to verify. */
  readonly decisive: boolean;
}

/** More literals and running the automaton over the whole block is cheaper than as many byte searches. */
const LITERALS_MAX = 6;
/** A case-sensitive literal is looked for natively; this many folded bytes weigh as much as one of it. */
const FOLDED_WEIGHT = 0.5;
const ASCII_LIMIT = 0x80;
/** The largest orbit of simple case folding has four members. */
const ORBIT_MAX = 4;

/** The best anchor of a pattern, if every match has one. */
export function findAnchor(node: RegexNode): Anchor | undefined {
  const literals = anchorOf(node);
  if (literals === undefined || literals.length > LITERALS_MAX) return undefined;
  const decisive = isLiteral(node) || (node.kind === 'alternate' && node.parts.every(isLiteral));
  return { literals, decisive };
}

function isLiteral(node: RegexNode): boolean {
  const runs = runsOf(node.kind === 'concat' ? node.parts : [node]);
  const parts = node.kind === 'concat' ? node.parts.length : 1;
  return runs.length === 1 && runs[0]?.characters === parts && runs[0].uniform;
}

function anchorOf(node: RegexNode): AnchorLiteral[] | undefined {
  switch (node.kind) {
    case 'empty':
    case 'assert':
      return undefined;
    case 'class':
      return best(runsOf([node]).map((run) => [run.literal]));
    case 'concat': {
      const runs = runsOf(node.parts).map((run) => [run.literal]);
      const inner = node.parts.filter((part) => part.kind !== 'class').map(anchorOf);
      return best([...runs, ...inner]);
    }
    case 'alternate': {
      const branches = node.parts.map(anchorOf);
      const all = branches.flatMap((branch) => branch ?? []);
      return branches.includes(undefined) ? undefined : all;
    }
    case 'repeat':
      return node.min > 0 ? anchorOf(node.part) : undefined;
  }
}

function best(candidates: readonly (AnchorLiteral[] | undefined)[]): AnchorLiteral[] | undefined {
  let chosen: AnchorLiteral[] | undefined;
  for (const candidate of candidates) {
    if (
      candidate !== undefined &&
      candidate.length <= LITERALS_MAX &&
      weight(candidate) > weight(chosen ?? [])
    )
      chosen = candidate;
  }
  return chosen;
}

function weight(literals: readonly AnchorLiteral[]): number {
  if (literals.length === 0) return 0;
  const each = literals.map(({ bytes, folded }) => bytes.length * (folded ? FOLDED_WEIGHT : 1));
  return Math.min(...each) / Math.sqrt(literals.length);
}

interface Run {
  readonly literal: AnchorLiteral;
  readonly characters: number;
  /** Whether every letter treats case alike; in A(?i)b the A does not, so a folded hit still needs a look. */
  readonly uniform: boolean;
}

interface Letter {
  readonly bytes: readonly number[];
  readonly folded: boolean;
}

// A run may mix letters with and without case; it is folded as soon as one of its letters is. A letter outside
// ASCII that ignores case ends the run: its cases differ in more than one bit.
function runsOf(parts: readonly RegexNode[]): Run[] {
  const runs: Run[] = [];
  let letters: Letter[] = [];
  const close = (): void => {
    if (letters.length > 0) runs.push(toRun(letters));
    letters = [];
  };
  for (const part of parts) {
    const letter = part.kind === 'class' ? letterOf(part.set) : undefined;
    if (letter === undefined) close();
    else letters.push(letter);
  }
  close();
  return runs.flatMap((run) => (run.literal.folded && !isAscii(run.literal.bytes) ? [] : [run]));
}

function toRun(letters: readonly Letter[]): Run {
  const folded = letters.some((letter) => letter.folded);
  const bytes = Buffer.from(letters.flatMap((letter) => letter.bytes));
  const lower = Buffer.from(bytes.toString('latin1').toLowerCase(), 'latin1');
  const uniform = !folded || letters.every((letter) => letter.folded || !hasCase(letter));
  return { literal: { bytes: folded ? lower : bytes, folded }, characters: letters.length, uniform };
}

function letterOf(set: CodePointSet): Letter | undefined {
  const size = setSize(set);
  if (size === 0 || size > ORBIT_MAX) return undefined;
  const members = [...membersOf(set)];
  const representatives = new Set(members.map(foldCodePoint));
  const [representative] = representatives;
  if (representatives.size !== 1 || representative === undefined) return undefined;
  const [only] = members;
  if (size === 1 && only !== undefined) return { bytes: encodeUtf8(only), folded: false };
  // Both cases must be members, or an occurrence in the other case would be taken for one of this set.
  const bothCases =
    representative < ASCII_LIMIT &&
    members.includes(representative & ~0x20) &&
    members.includes(representative);
  return bothCases ? { bytes: encodeUtf8(representative), folded: true } : undefined;
}

function hasCase(letter: Letter): boolean {
  const [byte] = letter.bytes;
  return byte !== undefined && byte < ASCII_LIMIT && caseOrbit(byte).length > 1;
}

function isAscii(bytes: Buffer): boolean {
  return bytes.every((byte) => byte < ASCII_LIMIT);
}

// A needle: a text of fixed length of which each byte is one of a set. Literals are needles, in any case, and so are
// pieces such as `0x[0-9a-f]{16}`.

import type { CodePointSet } from '../regex/code-point-set.ts';
import { membersOf, rangesOf, setSize } from '../regex/code-point-set.ts';
import { encodeUtf8 } from '../regex/utf8-automaton.ts';

/** What can be told of a byte by one comparison: `(byte | mask) === byte`. */
export interface Probe {
  /** Which byte of the needle it is. */
  readonly offset: number;
  /** 0, or the bit by which the cases of an ASCII letter differ. */
  readonly mask: number;
  readonly byte: number;
}

/** As the kernel takes it; at most {@link NEEDLE_LENGTH_MAX} bytes. */
export interface Needle {
  /** For each byte which ones it may be: 256 bits, the lowest of the first byte first. */
  readonly sets: readonly Uint8Array[];
  /** The two by which it is looked for: those that are rarest in source text. They may be the same. */
  readonly probes: readonly [Probe, Probe];
}

/** One byte of a needle. */
export interface Cell {
  readonly set: Uint8Array;
  /** How many bytes are in the set. */
  readonly size: number;
  readonly probe: Omit<Probe, 'offset'> | undefined;
  /** Whether the character may also be one of {@link STRAYS}, which is no single byte. */
  readonly hasStrays: boolean;
}

/** Bytes of a needle: as many sets as there is room for in the kernel. */
export const NEEDLE_LENGTH_MAX = 128;
/** What counts as an ASCII letter where case is ignored, and is none: the sign for Kelvin and the long s. */
export const STRAYS: readonly string[] = ['\u212a', '\u017f'];

const ASCII_LIMIT = 0x80;
const LINE_FEED = 0x0a;
const CASE_BIT = 0x20;
const SET_BYTES = 32;
/** Bytes of source text, the most frequent first; what is not listed is rarer. Counted over 60 MB in three languages. */
const FREQUENT =
  ' etrsiona\nl\tcu,mdp)(f.=ghx"y_b*:10/2v{}kSw-][3TRE>4qC+\'5IM6APN`DLF789BzO;j#HQ<UGVZKW&!\\%X|J?@$Y~^\r';

/** The cells of a character; undefined where its bytes cannot be told one by one. */
export function cellsOf(set: CodePointSet): readonly Cell[] | undefined {
  const size = setSize(set);
  if (size === 1 && (set[0] ?? 0) >= ASCII_LIMIT)
    return encodeUtf8(set[0] ?? 0).map((byte) => toCell([byte], false));
  const bytes: number[] = [];
  let strays = 0;
  for (const [low, high] of rangesOf(set)) {
    for (let byte = low; byte <= Math.min(high, ASCII_LIMIT - 1); byte++)
      if (byte !== LINE_FEED) bytes.push(byte);
    if (high < ASCII_LIMIT) continue;
    const others = [Math.max(low, ASCII_LIMIT), high] as const;
    // Long ranges are not of strays alone.
    if (others[1] - others[0] >= STRAYS.length) return undefined;
    for (const other of membersOf(others))
      if (!STRAYS.includes(String.fromCodePoint(other))) return undefined;
    strays += others[1] - others[0] + 1;
  }
  return bytes.length === 0 ? undefined : [toCell(bytes, strays > 0)];
}

/** The needle of some cells; undefined where none of its bytes can be told by one comparison, or where it is too long. */
export function toNeedle(cells: readonly Cell[]): Needle | undefined {
  if (cells.length > NEEDLE_LENGTH_MAX) return undefined;
  const probes = cells
    .flatMap(({ probe }, offset): Probe[] => (probe === undefined ? [] : [{ ...probe, offset }]))
    .sort((a, b) => frequency(a) - frequency(b));
  const [one, other = one] = probes;
  if (one === undefined || other === undefined) return undefined;
  return { sets: cells.map(({ set }) => set), probes: [one, other] };
}

/** Whether a byte is in the set of a needle. */
export function setHolds(set: Uint8Array, byte: number): boolean {
  return (((set[byte >>> 3] ?? 0) >>> (byte & 7)) & 1) === 1;
}

function toCell(bytes: readonly number[], hasStrays: boolean): Cell {
  const set = new Uint8Array(SET_BYTES);
  for (const byte of bytes) set[byte >>> 3] = (set[byte >>> 3] ?? 0) | (1 << (byte & 7));
  return { set, size: bytes.length, probe: probeOf(bytes), hasStrays };
}

function probeOf([one, other, ...more]: readonly number[]): Omit<Probe, 'offset'> | undefined {
  if (one === undefined || more.length > 0) return undefined;
  if (other === undefined) return { mask: 0, byte: one };
  return (one | CASE_BIT) === other ? { mask: CASE_BIT, byte: other } : undefined;
}

/** Higher for what is more frequent. */
function frequency({ mask, byte }: Probe): number {
  const of = (code: number): number => {
    const at = FREQUENT.indexOf(String.fromCharCode(code));
    return at < 0 ? 0 : FREQUENT.length - at;
  };
  return Math.max(of(byte), mask === 0 ? 0 : of(byte & ~mask));
}

// Whether an occurrence of a literal is a part of a word or identifier, such as `parse` in `parseHeader`, `HTTP_PARSE`
// and `parsed`, and not letters out of the middle of one, as in `sparse`.

const UPPER_A = 0x41;
const UPPER_Z = 0x5a;
const LOWER_A = 0x61;
const LOWER_Z = 0x7a;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const ASCII_LIMIT = 0x80;

/** What is looked for, in ASCII. */
export interface WordPart {
  /** In lower case, as it is looked for in text in lower case. */
  readonly text: string;
  /** What may follow before the part ends, in lower case; the empty ending always may. */
  readonly endings: ReadonlySet<string>;
}

/** Whether `part`, which `lower` holds at `at`, is one in `bytes`: the same text, one unit a byte, with its capitals. */
export function isWordPart(
  { bytes, lower }: { readonly bytes: Buffer; readonly lower: string },
  at: number,
  { text, endings }: WordPart,
): boolean {
  if (!startsPart(bytes, at)) return false;
  const end = at + text.length;
  const stop = endOfPart(bytes, end);
  return stop === end || endings.has(lower.slice(end, stop));
}

/** A capital begins a part, unless it stands among capitals; any other letter where no letter and no digit is before. */
function startsPart(bytes: Buffer, at: number): boolean {
  const before = at === 0 ? 0 : (bytes[at - 1] ?? 0);
  if (!isUpper(bytes[at] ?? 0)) return !isOfWord(before);
  return !isUpper(before) || isLower(bytes[at + 1] ?? 0);
}

/** A part in capitals goes on in capitals, but not with the one that begins a capitalised part. */
function endOfPart(bytes: Buffer, from: number): number {
  const isCapitals = isUpper(bytes[from - 1] ?? 0);
  let at = from;
  for (; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    const isNext = isUpper(byte) ? isCapitals && !isLower(bytes[at + 1] ?? 0) : isOfWord(byte);
    if (!isNext) break;
  }
  return at;
}

function isUpper(byte: number): boolean {
  return byte >= UPPER_A && byte <= UPPER_Z;
}

/** Letters outside ASCII count as lower case. */
function isLower(byte: number): boolean {
  return byte >= ASCII_LIMIT || (byte >= LOWER_A && byte <= LOWER_Z);
}

function isOfWord(byte: number): boolean {
  return (byte >= DIGIT_0 && byte <= DIGIT_9) || isUpper(byte) || isLower(byte);
}

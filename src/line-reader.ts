// Splits a byte stream into lines, each of bounded size.

/** Feed it chunks; it calls back once per line, without the line break. Empty lines are skipped. */
export function createLineReader(options: {
  readonly maxBytes: number;
  readonly onLine: (line: Buffer) => void;
  /** Once per line that is longer than `maxBytes`; the line is skipped to its end. */
  readonly onOversize: () => void;
}): (chunk: Buffer) => void {
  const { maxBytes, onLine, onOversize } = options;
  let parts: Buffer[] = [];
  let size = 0;
  let isSkipping = false;

  const add = (part: Buffer): void => {
    if (isSkipping) return;
    size += part.length;
    if (size > maxBytes) {
      isSkipping = true;
      parts = [];
      onOversize();
    } else {
      parts.push(part);
    }
  };
  const finish = (): void => {
    const line = isSkipping ? undefined : Buffer.concat(parts, size);
    parts = [];
    size = 0;
    isSkipping = false;
    if (line === undefined) return;
    const end = line.at(-1) === CARRIAGE_RETURN ? line.length - 1 : line.length;
    if (end > 0) onLine(line.subarray(0, end));
  };

  return (chunk) => {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      add(chunk.subarray(start, end));
      finish();
      start = end + 1;
    }
    if (start < chunk.length) add(chunk.subarray(start));
  };
}

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

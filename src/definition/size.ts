// Sizes in definitions and environment variables: bytes, or text with a unit.

const SIZE = /^(\d+(?:\.\d+)?)\s*(b|kb|kib|mb|mib|gb|gib)?$/i;
const FACTORS: Readonly<Record<string, number>> = { b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** Bytes of `10mb`, `512kb`, `1gb`, `4096` or a number (powers of 1024); undefined where the text is no size. */
export function parseSize(value: string | number): number | undefined {
  if (typeof value === 'number') return Number.isInteger(value) && value > 0 ? value : undefined;
  const match = SIZE.exec(value.trim());
  if (match === null) return undefined;
  const factor = FACTORS[(match[2] ?? 'b').charAt(0).toLowerCase()] ?? 1;
  const bytes = Math.floor(Number(match[1]) * factor);
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined;
}

/** Bytes of a size that was already checked. Throws RangeError where it is none. */
export function sizeBytes(value: string | number): number {
  const bytes = parseSize(value);
  if (bytes === undefined) throw new RangeError(`Not a size: ${value}`);
  return bytes;
}

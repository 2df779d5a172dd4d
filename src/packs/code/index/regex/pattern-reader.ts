// A cursor over a pattern that knows how to complain about the place it is at.

import { TextIndexError } from '../text-index-error.ts';

/** Reads a pattern by characters (not UTF-16 units). */
export class PatternReader {
  readonly #pattern: string;
  #position = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  /** Whether everything was read. */
  get done(): boolean {
    return this.#position >= this.#pattern.length;
  }

  /** Offset in UTF-16 units, for {@link rewind}. */
  get position(): number {
    return this.#position;
  }

  /** Goes back to a position taken earlier. */
  rewind(position: number): void {
    this.#position = position;
  }

  /** The next character without reading it; empty at the end. */
  peek(): string {
    const codePoint = this.#pattern.codePointAt(this.#position);
    return codePoint === undefined ? '' : String.fromCodePoint(codePoint);
  }

  /** Reads one character; empty at the end. */
  next(): string {
    const character = this.peek();
    this.#position += character.length;
    return character;
  }

  /** Whether `text` comes next. */
  at(text: string): boolean {
    return this.#pattern.startsWith(text, this.#position);
  }

  /** Reads `text` if it comes next. */
  take(text: string): boolean {
    if (!this.at(text)) return false;
    this.#position += text.length;
    return true;
  }

  /** Reads up to and including `end`, or to the end of the pattern; returns what lies before. */
  takeUntil(end: string): string {
    const found = this.#pattern.indexOf(end, this.#position);
    const stop = found < 0 ? this.#pattern.length : found;
    const text = this.#pattern.slice(this.#position, stop);
    this.#position = found < 0 ? stop : stop + end.length;
    return text;
  }

  /** Reads decimal digits; `undefined` when there are none. */
  takeNumber(): number | undefined {
    const digits = /^[0-9]+/.exec(this.#pattern.slice(this.#position, this.#position + 10))?.[0];
    if (digits === undefined) return undefined;
    this.#position += digits.length;
    return Number(digits);
  }

  /** An error for a malformed pattern; `advice` says how to mend it. */
  invalid(problem: string, advice: string): TextIndexError {
    return new TextIndexError(
      'invalid_pattern',
      `Invalid pattern at ${this.#position}: ${problem}; ${advice}.`,
      {
        position: this.#position,
      },
    );
  }

  /** An error for a construct that has no linear-time form or is outside RE2 syntax. */
  unsupported(construct: string, advice: string): TextIndexError {
    const message = `Unsupported construct at ${this.#position}: ${construct}; ${advice}.`;
    return new TextIndexError('unsupported_pattern', message, { position: this.#position });
  }
}

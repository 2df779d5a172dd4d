// Lines of a text by their places, and back.

/** Where lines begin. Lines count from 1. */
export class LineTable {
  readonly #text: string;
  readonly #starts: number[] = [0];

  constructor(text: string) {
    this.#text = text;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
  }

  get count(): number {
    return this.#starts.length;
  }

  start(line: number): number {
    return this.#starts[line - 1] ?? this.#text.length;
  }

  /** Before the line feed. */
  end(line: number): number {
    return line >= this.#starts.length ? this.#text.length : this.start(line + 1) - 1;
  }

  text(line: number): string {
    return this.#text.slice(this.start(line), this.end(line));
  }

  lineOf(index: number): number {
    let [low, high] = [0, this.#starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#starts[middle] ?? 0) <= index) low = middle;
      else high = middle;
    }
    return low + 1;
  }
}

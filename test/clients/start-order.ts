// What a test tells a foreign client on its command line, and how the client tells what it saw.
import { type TourClient, tour } from '../support/sample-tour.ts';

/** Where to connect, as one JSON argument. */
export interface StartOrder {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Reads the order from the command line. */
export function parseStartOrder(words: readonly string[]): StartOrder {
  return JSON.parse(words[2] ?? '') as StartOrder;
}

/** Tours the sample and prints what was seen as one line of JSON. */
export async function report(client: TourClient): Promise<void> {
  process.stdout.write(`${JSON.stringify(await tour(client))}\n`);
}

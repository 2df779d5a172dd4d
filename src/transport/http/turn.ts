// Answers that become ready in one turn of the event loop leave together, at its end.
import type { ServerResponse } from 'node:http';

interface Waiting {
  readonly response: ServerResponse;
  readonly body: string | Uint8Array;
  readonly encoding: BufferEncoding | undefined;
}

let waiting: Waiting[] = [];

/**
 * Ends the response with its body when everything that is ready now was worked on. Each write wakes a client that may
 * run on another core, which costs more than the write itself; under load a turn serves many requests, and their
 * clients are woken once. A lone request is not delayed: its turn ends right after it.
 */
export function endWithTurn(
  response: ServerResponse,
  body: string | Uint8Array,
  encoding: BufferEncoding | undefined,
): void {
  if (waiting.length === 0) setImmediate(flush);
  waiting.push({ response, body, encoding });
}

function flush(): void {
  const ready = waiting;
  waiting = [];
  for (const { response, body, encoding } of ready) {
    if (encoding === undefined) response.end(body);
    else response.end(body, encoding);
  }
}

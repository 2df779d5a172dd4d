// The body of an answer under the deadline of its request, which ends with it, read or not.
import type { Readable } from 'node:stream';
import type { Deadline } from './deadline.ts';
import { toEgressError } from './egress-error.ts';
import { type BodyOptions, letGo, openBody } from './response-body.ts';

/** Throws EgressError; what is left without a look is let go when its reader returns. */
export function bodyUnder(
  deadline: Deadline,
  source: Readable,
  options: BodyOptions,
): AsyncGenerator<Buffer, void, undefined> {
  const body = read(deadline, source, options);
  const leave = body.return.bind(body);
  // A generator that was never begun has no `finally` to run.
  body.return = (value) => {
    deadline.end();
    letGo(source);
    return leave(value);
  };
  return body;
}

async function* read(
  deadline: Deadline,
  source: Readable,
  options: BodyOptions,
): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield* openBody(source, options);
  } catch (error) {
    throw deadline.failure ?? toEgressError(error);
  } finally {
    deadline.end();
  }
}

// Response bodies: decompressed, counted while they arrive, ended at the limit.
import { Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { EgressError } from './egress-error.ts';

/** Content codings that `openBody` undoes; sent as Accept-Encoding. */
export const ACCEPTED_ENCODINGS = 'gzip, deflate, br';

/** What is left of a body that nobody reads, such as a redirect's, is read up to here to keep the connection. */
const MAX_DISCARDED_BYTES = 65_536;

export interface BodyOptions {
  readonly encoding: string | undefined;
  readonly contentLength: string | undefined;
  /** Bytes on the wire and bytes after decompression each. */
  readonly maxBytes: number;
}

/**
 * The decoded body as chunks. Bytes are counted before and after decompression, so neither a bomb nor endless
 * empty blocks pass. Throws EgressError `too_large` and `protocol`; the source is destroyed on any early end.
 */
export async function* openBody(
  source: Readable,
  options: BodyOptions,
): AsyncGenerator<Buffer, void, undefined> {
  const { maxBytes } = options;
  let decoder: Transform | undefined;
  // Destroying an unread body reports that as an error; the reader is gone by then.
  source.on('error', ignore);
  try {
    decoder = createDecoder(options.encoding);
    if (Number(options.contentLength) > maxBytes) throw tooLarge(maxBytes);
    const counted = countBytes(source, maxBytes);
    if (decoder === undefined) {
      yield* counted;
      return;
    }
    yield* countBytes(decode(counted, decoder), maxBytes);
  } finally {
    decoder?.destroy();
    source.destroy();
  }
}

/** Reads a body to its end. */
export async function collectBody(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
}

/** Reads away a short body so that its connection can be used again; cuts off a long one. */
export async function discardBody(source: Readable): Promise<void> {
  source.on('error', ignore);
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > MAX_DISCARDED_BYTES) break;
  }
}

/** Ends a body that nobody reads, and with it the connection where more of it would come. */
export function letGo(source: Readable): void {
  source.on('error', ignore);
  source.destroy();
}

async function* countBytes(
  chunks: AsyncIterable<Buffer>,
  maxBytes: number,
): AsyncGenerator<Buffer, void, undefined> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    yield chunk;
  }
}

/** Feeds `decoder` only as fast as its output is read. */
function decode(chunks: AsyncIterable<Buffer>, decoder: Transform): AsyncIterable<Buffer> {
  const input = Readable.from(chunks);
  input.on('error', (error) => decoder.destroy(error));
  decoder.on('close', () => input.destroy());
  return input.pipe(decoder);
}

function createDecoder(encoding: string | undefined): Transform | undefined {
  switch (encoding?.trim().toLowerCase()) {
    case undefined:
    case '':
    case 'identity':
      return undefined;
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      throw new EgressError('protocol', `Content-Encoding ${JSON.stringify(encoding)} is not supported.`);
  }
}

function ignore(): void {
  // Listening keeps a stream's error from becoming an uncaught exception; iteration has its own listener.
}

function tooLarge(maxBytes: number): EgressError {
  return new EgressError('too_large', `The response is larger than ${maxBytes} bytes.`);
}

// Files of the document root, read so that no name, link or race leads out of it.
import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { HandlerError, QuaysideError } from '../../errors.ts';

/** The absolute path of a file named in a definition. Throws HandlerError HANDLER_CONFIG_ERROR where it leaves the root. */
export function resolveDocument(root: string, file: string): string {
  if (file.includes('\0'))
    throw new HandlerError('HANDLER_CONFIG_ERROR', 'A file name holds a NUL character.');
  const path = resolve(root, file);
  if (!isInside(root, path)) {
    throw new HandlerError(
      'HANDLER_CONFIG_ERROR',
      `The file ${file} lies outside the folder of the definition.`,
    );
  }
  return path;
}

/**
 * The bytes of a document as it is now. Throws QuaysideError `unknown_resource` where there is no such file inside
 * the root, links followed, and HandlerError HANDLER_OUTPUT_ERROR where it is larger than `maxBytes`.
 */
export async function readDocument(
  path: string,
  { root, maxBytes }: { readonly root: string; readonly maxBytes: number },
): Promise<Buffer> {
  const real = await realPathInside(path, root);
  // The last name is no link any more; were it made one in between, this refuses it.
  const handle = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    missing,
  );
  try {
    // And no folder on the way was replaced by a link while the file was opened.
    if ((await realPathInside(path, root)) !== real) throw new QuaysideError('unknown_resource');
    const stats = await handle.stat();
    if (!stats.isFile()) throw new QuaysideError('unknown_resource');
    if (stats.size > maxBytes) throw tooLarge(maxBytes);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(stats.size + 1), 0, stats.size + 1, 0);
    // A file that grows while it is read is read up to where it was.
    return buffer.subarray(0, Math.min(bytesRead, stats.size));
  } finally {
    await handle.close();
  }
}

async function realPathInside(path: string, root: string): Promise<string> {
  const [realRoot, real] = await Promise.all([realpath(root), realpath(path)]).catch(missing);
  if (!isInside(realRoot, real)) throw new QuaysideError('unknown_resource');
  return real;
}

function missing(error: unknown): never {
  throw new QuaysideError('unknown_resource', { cause: error });
}

function tooLarge(maxBytes: number): HandlerError {
  return new HandlerError(
    'HANDLER_OUTPUT_ERROR',
    `The file is larger than limits.maxResultSize (${maxBytes} bytes).`,
  );
}

function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

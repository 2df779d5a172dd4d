// Tells one version of a file from another without reading it.
import { statSync } from 'node:fs';

/** Modification time in nanoseconds and size; undefined where the file cannot be seen. */
export function signatureOf(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? undefined : `${stats.mtimeNs}-${stats.size}`;
}

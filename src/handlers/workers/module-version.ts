// Which version of a handler is which: its code, or the signatures of all files that loading its module read.
import { signatureOf } from './file-signature.ts';

export interface ModuleVersion {
  /** Equal for equal versions. */
  readonly key: string;
  /** Path to signature: the module and what it imports, packages excepted. */
  readonly files: ReadonlyMap<string, string>;
  /** What a plugin registered; else empty. */
  readonly names: readonly string[];
}

/** `source` tells modules and pieces of code apart (see sourceOf). */
export function createVersion(
  source: string,
  files: ReadonlyMap<string, string>,
  names: readonly string[] = [],
): ModuleVersion {
  const own = [...files].map(([file, signature]) => `${file}=${signature}`).sort();
  return Object.freeze({ key: [source, ...own].join('\n'), files, names });
}

/** Whether every file is still the one that was loaded. */
export function isCurrent(files: ReadonlyMap<string, string>): boolean {
  for (const [path, signature] of files) if (signatureOf(path) !== signature) return false;
  return true;
}

/** Whether a worker that loaded `loaded` can run the version: no file of it in another version. */
export function isCompatible(loaded: ReadonlyMap<string, string>, version: ModuleVersion): boolean {
  for (const [path, signature] of version.files) {
    const own = loaded.get(path);
    if (own !== undefined && own !== signature) return false;
  }
  return true;
}

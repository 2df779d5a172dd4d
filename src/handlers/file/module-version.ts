// Which version of a handler module is which: the signatures of all files that loading it read.
import { signatureOf } from './file-signature.ts';

export interface ModuleVersion {
  readonly path: string;
  /** Equal for equal versions. */
  readonly key: string;
  /** Path to signature: the module and what it imports, packages excepted. */
  readonly files: ReadonlyMap<string, string>;
}

export function createVersion(path: string, files: ReadonlyMap<string, string>): ModuleVersion {
  const own = [...files].map(([file, signature]) => `${file}=${signature}`).sort();
  return Object.freeze({ path, key: [path, ...own].join('\n'), files });
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

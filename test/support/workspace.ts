// A folder of its own with the files of a definition, for tests that write them again while they are served.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Workspace {
  readonly directory: string;
  /** Path of `quayside.yaml`. */
  readonly definition: string;
  /** Replaces the file as a whole, as careful editors do: nobody ever reads half of it. */
  write(name: string, text: string): void;
  remove(): void;
}

/** `files` by name; `quayside.yaml` is the definition. */
export function createWorkspace(files: Readonly<Record<string, string>>): Workspace {
  const directory = mkdtempSync(join(tmpdir(), 'quayside-workspace-'));
  const write = (name: string, text: string) => {
    writeFileSync(join(directory, `.${name}.new`), text);
    renameSync(join(directory, `.${name}.new`), join(directory, name));
  };
  for (const [name, text] of Object.entries(files)) write(name, text);
  return {
    directory,
    definition: join(directory, 'quayside.yaml'),
    write,
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

// Which definition each occurrence of a name means, and how sure that is. Names are resolved by what the file itself
// says: its own definitions, its imports, its folder; nothing is type-checked.
import { dirname } from 'node:path/posix';
import type { ImportResolver } from './import-resolver.ts';
import type { Occurrence } from './occurrences.ts';
import type { Definition, SymbolTable } from './symbol-table.ts';

/** Languages in which the files of a folder see each other without an import. */
const SHARED_FOLDER: ReadonlySet<string> = new Set(['go', 'java', 'c-sharp']);

/** How sure a reference is, by what speaks for it. */
const CONFIDENCE = {
  definition: 1,
  sameFile: 0.95,
  imported: 0.9,
  sameFolder: 0.85,
  onlyOne: 0.8,
  ambiguous: 0.4,
  /** A member of something whose type is not known. */
  member: 0.5,
  unknown: 0.3,
} as const;

/** What an occurrence refers to; undefined where that is not known. */
export interface Resolved {
  readonly definition: Definition | undefined;
  readonly confidence: number;
}

/** Resolves the occurrences of one name in one file. */
export function resolverOf(
  path: string,
  definitions: readonly Definition[],
  deps: { readonly table: SymbolTable; readonly imports: ImportResolver },
): (occurrence: Occurrence) => Resolved {
  const usable = definitions.filter((one) => !one.isLocal || one.path === path);
  const own = usable.filter((one) => one.path === path);
  const imported = new Set(deps.imports.importedBy(path));
  const fromImports = usable.filter((one) => imported.has(one.path));
  const isShared = SHARED_FOLDER.has(deps.table.file(path)?.grammar.id ?? '');
  const neighbours = isShared ? usable.filter((one) => dirname(one.path) === dirname(path)) : [];
  return (occurrence) => {
    if (occurrence.type === 'definition') {
      const definition = own.find(
        ({ line, column }) => line === occurrence.line && column === occurrence.column,
      );
      return { definition, confidence: CONFIDENCE.definition };
    }
    const isMember = occurrence.receiver !== undefined;
    const cap = isMember && !isOwnReceiver(occurrence.receiver) ? CONFIDENCE.member : 1;
    const found = (candidates: readonly Definition[], confidence: number): Resolved | undefined => {
      const fitting = candidates.filter((one) => isMember === isMemberKind(one));
      const [first] = fitting.length > 0 ? fitting : candidates;
      if (first === undefined) return undefined;
      return {
        definition: first,
        confidence: Math.min(cap, candidates.length === 1 ? confidence : confidence - 0.1),
      };
    };
    return (
      found(own, CONFIDENCE.sameFile) ??
      found(fromImports, CONFIDENCE.imported) ??
      found(neighbours, CONFIDENCE.sameFolder) ??
      (usable.length === 1
        ? found(usable, CONFIDENCE.onlyOne)
        : {
            definition: undefined,
            confidence: usable.length === 0 ? CONFIDENCE.unknown : CONFIDENCE.ambiguous,
          }) ?? {
        definition: undefined,
        confidence: CONFIDENCE.unknown,
      }
    );
  };
}

function isMemberKind({ kind }: Definition): boolean {
  return kind === 'method' || kind === 'field';
}

function isOwnReceiver(receiver: string | undefined): boolean {
  return receiver === 'this' || receiver === 'self' || receiver === 'super' || receiver === 'Self';
}

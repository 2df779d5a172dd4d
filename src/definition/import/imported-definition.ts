// What an import yields: a definition as plain data, and what did not come over.
import { stringify } from 'yaml';

/** A definition, ready to be written to a file. */
export interface ImportedDefinition {
  readonly definition: Readonly<Record<string, unknown>>;
  /** One sentence each: what was left out or must be set. */
  readonly notes: readonly string[];
}

/** A document that cannot be imported at all, in words. */
export class ImportError extends Error {}

/** The file of a definition; texts keep their lines whole. */
export function toDefinitionText(definition: ImportedDefinition['definition']): string {
  // Without anchors, which a person who edits the file would have to follow.
  const yaml = stringify(definition, { lineWidth: 0, aliasDuplicateObjects: false });
  return `# yaml-language-server: $schema=./schema/quayside.schema.json\n${yaml}`;
}

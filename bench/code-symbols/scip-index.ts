// Reads the definitions out of a SCIP index (https://github.com/sourcegraph/scip, scip.proto): the few fields of its
// protocol buffers that say where something is defined.

import { readFileSync } from 'node:fs';

/** What a definition is by the suffix of its descriptor: `f().`, `T#`, `x.`; the rest is `other`. */
export type ScipClass = 'function' | 'type' | 'term' | 'other';

/** One occurrence with the role of a definition. `line` counts from 1. */
export interface ScipDefinition {
  readonly path: string;
  readonly line: number;
  readonly name: string;
  readonly class: ScipClass;
  /** The indexer gives it no name beyond its document. */
  readonly isLocal: boolean;
}

/** Field numbers of scip.proto. */
const INDEX = { documents: 2 };
const DOCUMENT = { relativePath: 1, occurrences: 2 };
const OCCURRENCE = { range: 1, symbol: 2, roles: 3 };
/** `SymbolRole.Definition`. */
const ROLE_DEFINITION = 1;
const DESCRIPTOR = /(?:`((?:[^`]|``)+)`|([\w+\-$]+))(\([^)]*\)\.|[#./:!])$/;
const CLASS_OF_SUFFIX: Readonly<Record<string, ScipClass>> = { '#': 'type', '.': 'term' };

/** All definitions of an index file, in its order. */
export function readScipDefinitions(file: string): ScipDefinition[] {
  const definitions: ScipDefinition[] = [];
  for (const [field, document] of fieldsOf(readFileSync(file))) {
    if (field !== INDEX.documents || typeof document === 'number') continue;
    let path = '';
    const occurrences: Buffer[] = [];
    for (const [name, value] of fieldsOf(document)) {
      if (typeof value === 'number') continue;
      if (name === DOCUMENT.relativePath) path = value.toString();
      else if (name === DOCUMENT.occurrences) occurrences.push(value);
    }
    for (const occurrence of occurrences) {
      const definition = definitionOf(path, occurrence);
      if (definition !== undefined) definitions.push(definition);
    }
  }
  return definitions;
}

function definitionOf(path: string, occurrence: Buffer): ScipDefinition | undefined {
  let line = 0;
  let symbol = '';
  let roles = 0;
  for (const [field, value] of fieldsOf(occurrence)) {
    if (field === OCCURRENCE.roles && typeof value === 'number') roles = value;
    if (typeof value === 'number') continue;
    // A packed list whose first number is the line.
    if (field === OCCURRENCE.range) line = readVarint(value, 0).value + 1;
    else if (field === OCCURRENCE.symbol) symbol = value.toString();
  }
  if ((roles & ROLE_DEFINITION) === 0) return undefined;
  if (symbol.startsWith('local ')) return { path, line, name: '', class: 'other', isLocal: true };
  const [, quoted, plain, suffix = ''] = DESCRIPTOR.exec(symbol) ?? [];
  const name = quoted?.replaceAll('``', '`') ?? plain ?? '';
  const kind = suffix.startsWith('(') ? 'function' : (CLASS_OF_SUFFIX[suffix] ?? 'other');
  return { path, line, name, class: kind, isLocal: false };
}

/** The fields of one message: numbers as they are, what has a length as its bytes. */
function* fieldsOf(message: Buffer): Generator<readonly [field: number, value: number | Buffer]> {
  let at = 0;
  while (at < message.length) {
    const key = readVarint(message, at);
    const field = key.value >>> 3;
    const wire = key.value & 7;
    if (wire === 0) {
      const number = readVarint(message, key.end);
      at = number.end;
      yield [field, number.value];
    } else if (wire === 2) {
      const length = readVarint(message, key.end);
      at = length.end + length.value;
      yield [field, message.subarray(length.end, at)];
    } else throw new Error(`wire type ${wire} at byte ${at}: not a SCIP index`);
  }
}

function readVarint(bytes: Buffer, start: number): { readonly value: number; readonly end: number } {
  let value = 0;
  let scale = 1;
  for (let at = start; ; at++) {
    const byte = bytes[at];
    if (byte === undefined) throw new Error('the index ends within a number');
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value, end: at + 1 };
    scale *= 128;
  }
}

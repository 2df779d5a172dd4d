// How the tables of a segment are laid out in bytes: little-endian 32-bit words.

import { endianness } from 'node:os';

const LITTLE_ENDIAN = endianness() === 'LE';
const WORD_BYTES = 4;

/** The bytes of a table. */
export function sectionBytes(table: Uint32Array): Uint8Array {
  if (LITTLE_ENDIAN) return new Uint8Array(table.buffer, table.byteOffset, table.byteLength);
  const bytes = Buffer.alloc(table.byteLength);
  for (const [index, word] of table.entries()) bytes.writeUInt32LE(word, index * WORD_BYTES);
  return bytes;
}

/** The table in these bytes. */
export function sectionTable(bytes: Buffer): Uint32Array {
  const table = new Uint32Array(bytes.length / WORD_BYTES);
  if (LITTLE_ENDIAN) new Uint8Array(table.buffer).set(bytes);
  else
    for (let index = 0; index < table.length; index++) table[index] = bytes.readUInt32LE(index * WORD_BYTES);
  return table;
}

// Bind, Execute and Sync as one buffer: pg makes one of each, and three small ones cost a system call more than they hold.

/** Bytes of the three messages beside the statement's name and the values; see `runMessage`. */
const FIXED_BYTES = 1 + 4 + 1 + 1 + 2 + 2 + 2 + (1 + 4 + 1 + 4) + (1 + 4);
const BIND = 0x42;
const EXECUTE = 0x45;
const SYNC = 0x53;
/** The length of a value that is NULL. */
const NULL_LENGTH = -1;

/**
 * Runs the prepared statement `name` in the unnamed portal until `maxRows` rows were sent; values and results are text
 * (PostgreSQL, protocol §55.7: Bind, Execute, Sync).
 */
export function runMessage(name: string, values: readonly (string | null)[], maxRows: number): Buffer {
  const nameBytes = Buffer.byteLength(name);
  const lengths = values.map((value) => (value === null ? NULL_LENGTH : Buffer.byteLength(value)));
  const valueBytes = lengths.reduce((sum, length) => sum + 4 + Math.max(length, 0), 0);
  const message = Buffer.allocUnsafe(FIXED_BYTES + nameBytes + valueBytes);
  let at = message.writeUInt8(BIND, 0);
  at = message.writeInt32BE(4 + 1 + nameBytes + 1 + 2 + 2 + valueBytes + 2, at);
  // The unnamed portal.
  at = message.writeUInt8(0, at);
  at += message.write(name, at);
  at = message.writeUInt8(0, at);
  // No formats: every value is text.
  at = message.writeInt16BE(0, at);
  at = message.writeInt16BE(values.length, at);
  for (const [index, value] of values.entries()) {
    at = message.writeInt32BE(lengths[index] ?? NULL_LENGTH, at);
    if (value !== null) at += message.write(value, at);
  }
  at = message.writeInt16BE(0, at);
  at = message.writeUInt8(EXECUTE, at);
  at = message.writeInt32BE(4 + 1 + 4, at);
  at = message.writeUInt8(0, at);
  at = message.writeInt32BE(maxRows, at);
  at = message.writeUInt8(SYNC, at);
  message.writeInt32BE(4, at);
  return message;
}

// What the main loop hands to the writer: an event with its id and time, and the arguments not yet judged.
import { randomBytes } from 'node:crypto';
import type { AuditEvent } from './audit.ts';

type RequiredField = 'eventType' | 'result' | 'tenantId' | 'action' | 'resourceType';

/** An event with what only the gate knows about a call; what is undefined is absent. */
export type AuditEntry = Pick<AuditEvent, RequiredField> & {
  readonly [Field in Exclude<keyof AuditEvent, RequiredField>]?: AuditEvent[Field] | undefined;
} & {
  /** Hashed always, and kept redacted; the writer does both, off the main loop. */
  readonly arguments?: unknown;
  /** `includeSensitiveData`: the arguments are kept as they are. */
  readonly sensitive?: boolean | undefined;
};

/** As it arrives at the writer. */
export type StampedEntry = AuditEntry & {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
};

/** Makes ids of version 7 (RFC 9562 §5.7): time, then a counter, then what is random per process. */
export function createIdSource(): (at: number) => string {
  const tail = randomBytes(6).toString('hex');
  // The variant bits are 10, so the first digit after the third hyphen is 8 to b.
  const variant = `8${randomBytes(2).toString('hex').slice(0, 3)}`;
  let lastAt = 0;
  let counter = 0;
  return (at) => {
    // 4,096 ids in one millisecond, then the next one is borrowed; time that runs backwards is held.
    if (at > lastAt) {
      lastAt = at;
      counter = 0;
    } else if (++counter > 0xfff) {
      lastAt++;
      counter = 0;
    }
    const time = lastAt.toString(16).padStart(12, '0');
    const count = counter.toString(16).padStart(3, '0');
    return `${time.slice(0, 8)}-${time.slice(8)}-7${count}-${variant}-${tail}`;
  };
}

/** The entry as JSON with its stamp. */
export function stampEntry(entry: AuditEntry, id: string, at: number): string {
  return `{"id":"${id}","at":${at},${JSON.stringify(entry).slice(1)}`;
}

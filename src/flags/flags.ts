// The one question that the rest of the product asks: is this flag on for them? Never waits.
import type { FlagReason, FlagSubject } from './flag.ts';
import type { FlagDirectory } from './flag-directory.ts';
import type { RemoteFlags } from './remote/remote-flags.ts';

/** The flags of a process. */
export interface Flags {
  /** A key without a flag is off. `subject` is asked for only where the answer depends on it. */
  isOn(key: string, subject: () => FlagSubject): boolean;
  /** The same with the reason; `REMOTE` where an outside service decided. */
  explain(
    key: string,
    subject: FlagSubject,
  ): { readonly value: boolean; readonly reason: FlagReason | 'REMOTE' };
}

/** With `remote`, what an outside service says wins; what it does not know is decided here. */
export function createFlags(
  directory: Pick<FlagDirectory, 'evaluate' | 'constant'>,
  remote: Pick<RemoteFlags, 'value'> | undefined,
): Flags {
  const explain: Flags['explain'] = (key, subject) => {
    const value = remote?.value(key, subject);
    if (value !== undefined) return { value, reason: 'REMOTE' };
    return directory.evaluate(key, subject) ?? { value: false, reason: 'DEFAULT' };
  };
  return {
    explain,
    isOn(key, subject) {
      const constant = remote === undefined ? directory.constant(key) : undefined;
      return constant ?? explain(key, subject()).value;
    },
  };
}

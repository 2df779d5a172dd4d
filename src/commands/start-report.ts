// What a start says, once, whoever serves.
import type { SettingsFlags } from '../app/settings.ts';
import type { Io } from './io.ts';

/** What a start says, once. */
export interface StartReport {
  readonly key: string | undefined;
  readonly url: string;
  readonly text: string;
  readonly warnings: readonly string[];
}

export type ServeFlags = SettingsFlags & { readonly json?: true };

export interface Printing {
  readonly flags: ServeFlags;
  readonly io: Io;
  readonly notices: readonly string[];
  /** Where there are several. */
  readonly workers?: number;
}

/** Prints it as text for a person, or as one line of JSON. */
export function printReport(
  { key, url, text, warnings }: StartReport,
  { flags, io, notices, workers }: Printing,
): void {
  const shown = { url, ...(key === undefined ? {} : { key }), pid: process.pid };
  if (flags.json === true)
    io.out(`${JSON.stringify(workers === undefined ? shown : { ...shown, workers })}\n`);
  else io.out(text);
  for (const warning of [...notices, ...warnings]) io.err(`${warning}\n`);
}

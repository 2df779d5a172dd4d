// What a command may touch of the process it runs in; tests hand in their own.

export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Writes text as it is; commands end their lines themselves. */
  out(text: string): void;
  err(text: string): void;
  /** Whether `err` goes to a terminal, where a line can be written over. Default false. */
  readonly isTerminal?: boolean;
}

/** Exit codes of every command (spec operations §6, after sysexits.h). */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  unavailable: 69,
  tryAgain: 75,
  configuration: 78,
} as const;

/** The real process. */
export const PROCESS_IO: Io = {
  env: process.env,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  isTerminal: process.stderr.isTTY === true,
};

/** Takes the exit code of the verb that ran. */
export type Finish = (exitCode: number) => void;

/** Says why a command cannot be carried out; gives its exit code. */
export function refuse(io: Io, lines: readonly string[], code: number = EXIT.configuration): number {
  for (const line of lines) io.err(`${line}\n`);
  return code;
}

/** The same for a start, with how many problems there are. */
export function refuseStart(io: Io, lines: readonly string[]): number {
  const refused = refuse(io, lines);
  const these = lines.length === 1 ? 'The problem above keeps' : `The ${lines.length} problems above keep`;
  io.err(`${these} Quayside from starting.\n`);
  return refused;
}

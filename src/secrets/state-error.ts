// The data folder, or a file in it, is not as this program left it.

/** The message names the file and what to do; the operator can mend it, so no stack is shown. Exit code 78. */
export class StateError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'StateError';
  }
}

// Writes that become due in one turn of the event loop leave together, at its end.

let waiting: (() => void)[] = [];

/**
 * Calls `write` when everything that is ready now was worked on. A write to a socket wakes its reader, often on another
 * core, and that costs more than the write itself; one after the other they wake it once. Under load a turn holds many
 * requests; a lone one is not delayed, for its turn ends right after it. `write` must not throw.
 */
export function atTurnEnd(write: () => void): void {
  if (waiting.length === 0) setImmediate(flush);
  waiting.push(write);
}

function flush(): void {
  const due = waiting;
  waiting = [];
  for (const write of due) write();
}

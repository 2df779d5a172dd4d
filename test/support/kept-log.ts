// A log that keeps its lines for the test to look at.

import type { Level } from '../../src/telemetry/log/level.ts';
import { createLog, type ServiceLog } from '../../src/telemetry/log/service-log.ts';
import { createRedactor } from '../../src/telemetry/redact.ts';

export interface KeptLog {
  readonly log: ServiceLog;
  readonly lines: readonly Readonly<Record<string, unknown>>[];
}

export function createKeptLog(level: Level = 'debug'): KeptLog {
  const lines: Readonly<Record<string, unknown>>[] = [];
  const log = createLog({
    level,
    redactor: createRedactor(),
    target: {
      write: (line) => lines.push(JSON.parse(line)),
      flush: () => Promise.resolve(),
      flushSync: () => undefined,
      reopen: () => undefined,
      problem: () => undefined,
    },
  });
  return { log, lines };
}

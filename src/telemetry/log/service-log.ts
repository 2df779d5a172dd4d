// The log of the process: one JSON object per line with the field names of spec operations §4.
import { AsyncLocalStorage } from 'node:async_hooks';
import pino from 'pino';
import type { Log } from '../log.ts';
import type { Redactor } from '../redact.ts';
import {
  createLevels,
  type DebugScope,
  isWritten,
  JOURNAL_PRIORITY,
  LEVELS,
  type Level,
  type Levels,
  SEVERITY,
} from './level.ts';
import {
  createPreparedLine,
  createTimestamp,
  type LevelledDestination,
  type PreparedLine,
  SERVICE,
} from './prepared-line.ts';
import { toPrettyLine } from './pretty.ts';
import { createRecentLines } from './recent-lines.ts';
import type { LogTarget } from './target.ts';

type Write = Log['info'];

/** The log with all its levels, and what whoever runs the process needs of it. */
export interface ServiceLog extends Log {
  /** Normal, yet worth seeing at once: a start, a reload, a refusal. */
  readonly notice: Write;
  /** The process cannot do its work. */
  readonly critical: Write;
  child(fields: Readonly<Record<string, unknown>>): ServiceLog;
  /**
   * For lines written once per call. `bindings` are cleaned and serialised here, once; the fields given to
   * `write` are written as they are: flat, from ourselves, known to hold no secret.
   */
  prepare(bindings: Readonly<Record<string, string>>): PreparedLine;
  readonly levels: Levels;
  /** Runs `work`; until it has ended, lines of every level that come of it are written, whatever the level in force. */
  withDebug<Result>(work: () => Result): Result;
  /** The newest lines of level warning and above, oldest first; at most 500. */
  recentWarnings(): readonly string[];
  /** Why lines are being lost, if they are (a full disk, a reader that does not keep up). */
  problem(): string | undefined;
  /** Opens the log files anew (SIGHUP, after something else moved them). */
  reopen(): void;
  flush(): Promise<void>;
  flushSync(): void;
}

/** What a log is made of. */
export interface LogOptions {
  /** Default `info`. */
  readonly level?: Level;
  /** Levels of single components: what `LOG_LEVEL_<component>` sets. */
  readonly componentLevels?: Readonly<Record<string, Level>>;
  /** Default `json`. `pretty` is for a person at a terminal. */
  readonly format?: 'json' | 'pretty';
  readonly colour?: boolean;
  /** Receives every line. In stdio mode stderr: stdout belongs to the protocol. */
  readonly target: LogTarget;
  /** Puts journald's priority before each line of `target`. */
  readonly journal?: boolean;
  /** Also receives every line, always as JSON. */
  readonly file?: LogTarget;
  /** Also receives lines of level error and above, always as JSON. */
  readonly errorFile?: LogTarget;
  /** Mutes component `handler` (`MCP_SILENT_LOGGER`). */
  readonly silentHandlers?: boolean;
  readonly redactor: Redactor;
  /** Which of several workers writes: a field of every line. */
  readonly worker?: number;
}

/** The component whose lines are what authors of handlers wrote. */
export const HANDLER_COMPONENT = 'handler';
/** Names that a line has by itself; a field of the same name would make the line say two things. */
const OWN_FIELDS = new Set(['timestamp', 'level', 'service', 'message']);

/** Makes the log. Whoever owns the process calls `flushSync` when it exits. */
export function createLog(options: LogOptions): ServiceLog {
  const recent = createRecentLines();
  const destination = createDestination(options, recent.add);
  const timestamp = createTimestamp();
  const logger = createPino(destination, timestamp);
  const levels = createLevels({
    level: options.level ?? 'info',
    components: options.componentLevels ?? {},
    muted: options.silentHandlers === true ? [HANDLER_COMPONENT] : [],
  });
  const targets = [options.target, options.file, options.errorFile].filter((target) => target !== undefined);
  const debugScope = new AsyncLocalStorage<true>();
  const shared = {
    levels,
    withDebug: <Result>(work: () => Result) => debugScope.run(true, work),
    recentWarnings: recent.lines,
    problem: () => targets.map((target) => target.problem()).find((problem) => problem !== undefined),
    reopen() {
      for (const target of [options.file, options.errorFile]) target?.reopen();
    },
    async flush() {
      await Promise.all(targets.map((target) => target.flush()));
    },
    flushSync() {
      for (const target of targets) target.flushSync();
    },
  };
  return bindLog(
    { destination, timestamp, logger, shared, levels, debugScope, redactor: options.redactor },
    options.worker === undefined ? {} : { worker: options.worker },
    undefined,
  );
}

type Pino = pino.Logger<Level>;
type Shared = Omit<ServiceLog, keyof Log | 'notice' | 'critical' | 'prepare'>;
type Fields = Readonly<Record<string, unknown>>;
interface Parts {
  readonly destination: LevelledDestination;
  readonly timestamp: () => string;
  readonly logger: Pino;
  readonly shared: Shared;
  readonly levels: Levels;
  readonly debugScope: DebugScope;
  readonly redactor: Redactor;
}

function createPino(destination: pino.DestinationStream, timestamp: () => string): Pino {
  return pino<Level, true>(
    {
      level: 'debug',
      customLevels: SEVERITY,
      useOnlyCustomLevels: true,
      base: { service: SERVICE },
      messageKey: 'message',
      timestamp,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
}

function bindLog(parts: Parts, bindings: Fields, component: string | undefined): ServiceLog {
  const { destination, timestamp, logger, levels, debugScope, redactor, shared } = parts;
  const threshold = levels.of(component);
  const writer =
    (level: Level): Write =>
    (fields, message) => {
      if (!isWritten(level, threshold, debugScope)) return;
      logger[level]({ ...bindings, ...toCleanFields(fields, redactor) }, redactor.text(message));
    };
  return {
    ...shared,
    debug: writer('debug'),
    info: writer('info'),
    notice: writer('notice'),
    warn: writer('warning'),
    error: writer('error'),
    critical: writer('critical'),
    child(fields) {
      const named = typeof fields.component === 'string' ? fields.component : component;
      return bindLog(parts, { ...bindings, ...toCleanFields(fields, redactor) }, named);
    },
    prepare(fixed) {
      const clean = { ...bindings, ...toCleanFields(fixed, redactor) };
      return createPreparedLine({ destination, threshold, debugScope, timestamp, bindings: clean });
    },
  };
}

function toCleanFields(fields: Fields, redactor: Redactor): Fields {
  const redacted = redactor.value(fields);
  if (typeof redacted !== 'object') return { fields: redacted };
  const clean: Record<string, unknown> = { ...redacted };
  for (const name of Object.keys(clean)) {
    if (name === 'err') move(clean, name, 'error');
    else if (OWN_FIELDS.has(name)) move(clean, name, `${name}_`);
  }
  return clean;
}

function move(fields: Record<string, unknown>, from: string, to: string): void {
  fields[to] = fields[from];
  delete fields[from];
}

function createDestination(options: LogOptions, remember: (line: string) => void): LevelledDestination {
  const { target, file, errorFile } = options;
  const format = createFormat(options);
  return {
    lastLevel: 0,
    [pino.symbols.needsMetadataGsym]: true,
    write(line: string) {
      target.write(format === undefined ? line : format(line, this.lastLevel));
      file?.write(line);
      if (this.lastLevel < SEVERITY.warning) return;
      remember(line);
      if (this.lastLevel >= SEVERITY.error) errorFile?.write(line);
    },
  } as LevelledDestination;
}

function createFormat(options: LogOptions): ((line: string, severity: number) => string) | undefined {
  if (options.format === 'pretty') {
    const colour = options.colour ?? false;
    return (line) => toPrettyLine(line, colour);
  }
  if (options.journal !== true) return undefined;
  const prefixes = new Map(LEVELS.map((level) => [SEVERITY[level], `<${JOURNAL_PRIORITY[level]}>`]));
  return (line, severity) => `${prefixes.get(severity) ?? ''}${line}`;
}

// The line of a call, built without a serialiser: what is fixed is text already, what varies is flat.
import type pino from 'pino';
import { type DebugScope, isWritten, LEVELS, type Level, SEVERITY, type Threshold } from './level.ts';

/** Flat fields from ourselves, known to hold no secret. */
export type PlainFields = Readonly<Record<string, string | number>>;

/** The line of one call target, its fixed part written out. */
export interface PreparedLine {
  /** Whether a line of this level would be written; ask before building fields. */
  enabled(level: Level): boolean;
  write(level: Level, fields: PlainFields, message: string): void;
  /** The same with an `error` that a redactor has cleaned. */
  writeError(level: Level, fields: PlainFields, error: unknown, message: string): void;
}

/** pino sets `lastLevel` before each write, because the destination asks for it by pino's symbol. */
export interface LevelledDestination extends pino.DestinationStream {
  lastLevel: number;
}

/** Writes to the same destination as pino, in the same form. `bindings` are clean and are serialised here, once. */
export function createPreparedLine(parts: {
  readonly destination: LevelledDestination;
  readonly threshold: Threshold;
  readonly debugScope: DebugScope;
  readonly timestamp: () => string;
  readonly bindings: Readonly<Record<string, unknown>>;
}): PreparedLine {
  const { destination, threshold, debugScope, timestamp } = parts;
  const fixed = JSON.stringify({ service: SERVICE, ...parts.bindings }).slice(1, -1);
  const starts = new Map(LEVELS.map((level) => [level, `{"level":"${level}"`]));
  const messages = new Map<string, string>();

  const ending = (message: string): string => {
    let text = messages.get(message);
    if (text === undefined) {
      text = `,"message":${JSON.stringify(message)}}\n`;
      // Messages are literals of the code; the bound only guards against a caller that builds them.
      if (messages.size < MESSAGES_MAX) messages.set(message, text);
    }
    return text;
  };
  const line = (level: Level, fields: PlainFields, error: string, message: string): void => {
    let text = `${starts.get(level)}${timestamp()},${fixed}`;
    for (const name in fields) text += `,"${name}":${toJson(fields[name])}`;
    destination.lastLevel = SEVERITY[level];
    destination.write(text + error + ending(message));
  };
  return {
    enabled: (level) => isWritten(level, threshold, debugScope),
    write: (level, fields, message) => line(level, fields, '', message),
    writeError: (level, fields, error, message) =>
      line(level, fields, `,"error":${JSON.stringify(error)}`, message),
  };
}

/** The name of the service in every line. */
export const SERVICE = 'quayside';
const MESSAGES_MAX = 100;

/** Characters that JSON takes as they are; anything else goes through the serialiser. */
const PLAIN = /^[\w .:/@+,=-]*$/;

function toJson(value: string | number | undefined): string {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : 'null';
  return PLAIN.test(value ?? '') ? `"${value}"` : JSON.stringify(value);
}

/** RFC 3339 with milliseconds; the part up to the second is formatted once per second. */
export function createTimestamp(): () => string {
  let second = -1;
  let prefix = '';
  return () => {
    const now = Date.now();
    const current = Math.floor(now / 1000);
    if (current !== second) {
      second = current;
      prefix = `,"timestamp":"${new Date(current * 1000).toISOString().slice(0, 20)}`;
    }
    const milliseconds = now - current * 1000;
    const padding = milliseconds < 10 ? '00' : milliseconds < 100 ? '0' : '';
    return `${prefix}${padding}${milliseconds}Z"`;
  };
}

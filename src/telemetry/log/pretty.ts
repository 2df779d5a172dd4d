// Lines for a person at a terminal. Never parsed by anything; the JSON form is the interface.

const COLOURS: Readonly<Record<string, string>> = {
  debug: '\u001b[90m',
  info: '\u001b[36m',
  notice: '\u001b[34m',
  warning: '\u001b[33m',
  error: '\u001b[31m',
  critical: '\u001b[1;31m',
};
const RESET = '\u001b[0m';
/** Shown by their place in the line, or the same in every line. */
const PLACED = new Set(['timestamp', 'level', 'service', 'message']);

/** Turns one JSON line into `12:03:04.005 INFO    message key=value`. Values stay escaped as in JSON. */
export function toPrettyLine(json: string, colour: boolean): string {
  const line = parseLine(json);
  const level = String(line.level);
  const shown = level.toUpperCase().padEnd(8);
  const fields = Object.entries(line)
    .filter(([name]) => !PLACED.has(name))
    .map(([name, value]) => ` ${name}=${toValue(value)}`)
    .join('');
  const time = String(line.timestamp).slice(11, 23);
  const message = JSON.stringify(String(line.message ?? ''))
    .slice(1, -1)
    .replaceAll('\\"', '"');
  const badge = colour ? `${COLOURS[level] ?? ''}${shown}${RESET}` : shown;
  return `${time} ${badge} ${message}${fields}\n`;
}

function toValue(value: unknown): string {
  if (typeof value === 'string' && /^[\w./:@-]+$/.test(value)) return value;
  return JSON.stringify(value);
}

function parseLine(json: string): Readonly<Record<string, unknown>> {
  return JSON.parse(json) as Readonly<Record<string, unknown>>;
}

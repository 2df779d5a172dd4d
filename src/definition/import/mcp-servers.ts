// The files in which MCP clients list their servers, as upstreams: `mcpServers` of Claude Desktop, Cursor and others,
// and `servers` of VS Code's mcp.json, alone or within its settings.

import { isSecretName } from '../../telemetry/redaction/secret-names.ts';
import { isRecord, type JsonRecord, memberOf, textOf } from '../openapi/json-value.ts';
import { ImportError, type ImportedDefinition } from './imported-definition.ts';

/** Throws ImportError for a document without servers. */
export function importMcpServers(document: unknown): ImportedDefinition {
  const servers = findServers(document);
  if (servers === undefined) {
    throw new ImportError("The document has neither 'mcpServers' nor 'servers'.");
  }
  const notes: string[] = [];
  const upstreams = Object.entries(servers).flatMap(([name, server]) => {
    const upstream = isRecord(server) ? toUpstream(name, server, notes) : undefined;
    return upstream === undefined ? [] : [[name, upstream] as const];
  });
  return {
    definition: { name: 'imported', version: '1.0.0', upstreams: Object.fromEntries(upstreams) },
    notes: [...new Set(notes)],
  };
}

function findServers(document: unknown): JsonRecord | undefined {
  const mcp = memberOf(document, 'mcp');
  return [
    memberOf(document, 'mcpServers'),
    memberOf(document, 'servers'),
    memberOf(mcp, 'servers'),
    memberOf(mcp, 'mcpServers'),
  ].find(isRecord);
}

/** Words of clients for what an upstream calls otherwise. */
const URL_KEYS = ['url', 'serverUrl', 'httpUrl'] as const;
const TRANSPORTS: ReadonlyMap<string, string> = new Map([
  ['http', 'http'],
  ['streamable-http', 'http'],
  ['streamableHttp', 'http'],
  ['sse', 'sse'],
]);
const TAKEN: ReadonlySet<string> = new Set([
  ...URL_KEYS,
  ...['command', 'args', 'env', 'headers', 'cwd', 'type', 'transport', 'disabled', 'disabledTools'],
]);

function toUpstream(name: string, server: JsonRecord, notes: string[]): JsonRecord | undefined {
  if (server.disabled === true) {
    notes.push(`${name}: it is disabled, and is left out`);
    return undefined;
  }
  const url = URL_KEYS.map((key) => textOf(server, key)).find((one) => one !== undefined);
  const command = textOf(server, 'command');
  if (url === undefined && command === undefined) {
    notes.push(`${name}: it has neither a command nor an address, and is left out`);
    return undefined;
  }
  for (const key of Object.keys(server)) {
    if (!TAKEN.has(key)) notes.push(`${name}: '${key}' is a setting of the client, and is left out`);
  }
  const note = (text: string) => notes.push(`${name}: ${text}`);
  const text = (value: unknown) => toText(value, note);
  const exclude = server.disabledTools;
  const common = Array.isArray(exclude) && exclude.length > 0 ? { exclude } : {};
  if (command === undefined) {
    const transport = TRANSPORTS.get(textOf(server, 'type') ?? textOf(server, 'transport') ?? '');
    const headers = toValues(server.headers, note);
    return {
      url: text(url),
      ...(transport === undefined ? {} : { transport }),
      ...headers('headers'),
      ...common,
    };
  }
  const args = Array.isArray(server.args) ? server.args.map(text) : [];
  const cwd = textOf(server, 'cwd');
  return {
    command: text(command),
    ...(args.length === 0 ? {} : { args }),
    ...toValues(server.env, note)('env'),
    ...(cwd === undefined ? {} : { cwd: text(cwd) }),
    ...common,
  };
}

/** Values by name; what looks like a secret stays where it is, and is named instead. */
function toValues(values: unknown, note: (text: string) => void): (key: 'env' | 'headers') => JsonRecord {
  if (!isRecord(values) || Object.keys(values).length === 0) return () => ({});
  return (key) => ({
    [key]: Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, toValue(name, String(value), note)]),
    ),
  });
}

/** A value that is a reference already, or the scheme before one. */
const REFERENCE = /^(?:[A-Za-z]+ )?\$\{[^}]+\}$/;

function toValue(name: string, value: string, note: (text: string) => void): string {
  const text = toText(value, note);
  if (REFERENCE.test(text) || !isSecretName(name) || value === '') return text;
  const scheme = /^(Bearer|Basic|Token) /i.exec(value)?.[0] ?? '';
  const variable = toVariable(name);
  note(`the value of ${name} is left out; set ${variable} to it`);
  return `${scheme}\${${variable}}`;
}

/**
 * `${env:NAME}` and `${input:id}` of VS Code and Cursor as variables. What is left of `${` is a text that only the
 * client understands.
 */
function toText(value: unknown, note: (text: string) => void): string {
  return String(value).replaceAll(/\$\{([^}]*)\}/g, (whole, body: string) => {
    const [, kind, name = ''] = /^(env|input):(.+)$/.exec(body) ?? [];
    if (kind === undefined && /^[A-Z_][A-Z0-9_]*(?::-.*)?$/.test(body)) return whole;
    if (kind === undefined) {
      note(`${whole} means something to the client only, and stands as text`);
      return `$${whole}`;
    }
    const variable = toVariable(name);
    if (kind === 'input') note(`set ${variable}, which the client asked for`);
    return `\${${variable}}`;
  });
}

/** The name of a variable that a definition may use. */
function toVariable(text: string): string {
  const name = text
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '');
  return /^QUAYSIDE_|_MASTER_KEY$|^[^A-Z]|^$/.test(name) ? `UPSTREAM_${name}_VALUE` : name;
}

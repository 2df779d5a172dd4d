// The tools.yaml of the MCP toolbox for databases as a definition: SQL tools of PostgreSQL and SQLite, and HTTP tools.
import { isRecord, type JsonRecord, listOf, memberOf, textOf } from '../openapi/json-value.ts';
import { ImportError, type ImportedDefinition } from './imported-definition.ts';
import { NotImported } from './not-imported.ts';
import { toHttpHandler } from './toolbox-http.ts';
import { toToolboxInput } from './toolbox-input.ts';
import { toNamedParameters } from './toolbox-statement.ts';

/**
 * `documents` are those of the file: one with `sources` and `tools`, or one per thing with `kind` and `name`. Throws
 * ImportError where there is neither.
 */
export function importToolbox(documents: readonly unknown[]): ImportedDefinition {
  const file = gather(documents);
  if (file.tools.size === 0) throw new ImportError("The document has no 'tools'.");
  const notes: string[] = [...file.notes];
  const databases = new Map<string, JsonRecord>();
  const tools = [...file.tools].flatMap(([name, tool]) => {
    try {
      return [
        [toolName(name), toTool(tool, file.sources, databases, (text) => notes.push(`${name}: ${text}`))],
      ];
    } catch (error) {
      if (!(error instanceof NotImported)) throw error;
      notes.push(`${name}: ${error.message}; the tool is left out`);
      return [];
    }
  });
  return {
    definition: {
      name: 'imported',
      version: '1.0.0',
      ...(databases.size === 0 ? {} : { databases: Object.fromEntries(databases) }),
      tools: Object.fromEntries(tools),
    },
    notes,
  };
}

interface ToolboxFile {
  readonly sources: ReadonlyMap<string, JsonRecord>;
  readonly tools: ReadonlyMap<string, JsonRecord>;
  readonly notes: readonly string[];
}

/** Both layouts of the file; in the newer one `type` says what `kind` says in the older. */
function gather(documents: readonly unknown[]): ToolboxFile {
  const sources = new Map<string, JsonRecord>();
  const tools = new Map<string, JsonRecord>();
  const notes: string[] = [];
  const into = (map: Map<string, JsonRecord>, entries: unknown) => {
    if (!isRecord(entries)) return;
    for (const [name, value] of Object.entries(entries)) if (isRecord(value)) map.set(name, value);
  };
  for (const document of documents) {
    into(sources, memberOf(document, 'sources'));
    into(tools, memberOf(document, 'tools'));
    for (const key of ['toolsets', 'authServices', 'prompts', 'embeddingModels']) {
      if (memberOf(document, key) !== undefined) notes.push(`'${key}' is left out`);
    }
    const kind = textOf(document, 'kind');
    const name = textOf(document, 'name');
    if (kind === undefined || name === undefined || !isRecord(document)) continue;
    const renamed = { ...document, kind: memberOf(document, 'type') };
    if (/^sources?$/.test(kind)) sources.set(name, renamed);
    else if (/^tools?$/.test(kind)) tools.set(name, renamed);
    else notes.push(`the ${kind} ${name} is left out`);
  }
  return { sources, tools, notes };
}

/** Names there may hold what names here may not. */
function toolName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_.-]+/g, '_').slice(0, 128);
}

const TAKEN: ReadonlySet<string> = new Set([
  ...['kind', 'type', 'name', 'source', 'description', 'parameters', 'statement', 'annotations'],
  ...['method', 'path', 'pathParams', 'queryParams', 'headerParams', 'bodyParams', 'requestBody', 'headers'],
]);

function toTool(
  tool: JsonRecord,
  sources: ReadonlyMap<string, JsonRecord>,
  databases: Map<string, JsonRecord>,
  note: (text: string) => void,
): JsonRecord {
  // Both restrict who may call, or with what: a tool without them would allow more.
  if (listOf(tool, 'authRequired').length > 0)
    throw new NotImported('it demands an authorization of its own');
  const kind = textOf(tool, 'kind') ?? 'unknown';
  const sourceName = textOf(tool, 'source') ?? '';
  const source = sources.get(sourceName);
  if (source === undefined) throw new NotImported(`its source '${sourceName}' is not declared`);
  for (const key of Object.keys(tool)) if (!TAKEN.has(key)) note(`'${key}' is left out`);
  const description = textOf(tool, 'description') ?? `Runs ${kind}.`;
  if (kind === 'http') {
    const { handler, parameters } = toHttpHandler(tool, source);
    return { description, inputSchema: toToolboxInput(parameters), handler };
  }
  if (kind !== 'postgres-sql' && kind !== 'sqlite-sql')
    throw new NotImported(`its kind ${kind} has no counterpart`);
  if (memberOf(tool, 'templateParameters') !== undefined) {
    throw new NotImported('it puts arguments into the text of its statement');
  }
  const parameters = listOf(tool, 'parameters');
  const statement = toNamedParameters(textOf(tool, 'statement') ?? '', kind, parameters);
  databases.set(sourceName, { url: databaseUrl(kind, source, { sourceName, note }) });
  return { description, inputSchema: toToolboxInput(parameters), database: sourceName, sql: statement };
}

/** Whether and how a value of the file stands for another: `${NAME}` and `${NAME:default}` there. */
function variables(text: string): string {
  return text.replaceAll(
    /\$\{([A-Z_][A-Z0-9_]*):(?!-)([^}]*)\}/g,
    (_, name: string, value: string) => `\${${name}:-${value}}`,
  );
}

function databaseUrl(
  kind: string,
  source: JsonRecord,
  { sourceName, note }: { readonly sourceName: string; readonly note: (text: string) => void },
): string {
  const value = (key: string) => variables(String(source[key] ?? ''));
  if (kind === 'sqlite-sql') return `sqlite:${value('database')}`;
  if (memberOf(source, 'queryParams') !== undefined) note("'queryParams' of its source are left out");
  const password = value('password');
  const user = value('user');
  // A password that is written out would be written out twice.
  const isReference = password === '' || /^\$\{[^}]+\}$/.test(password);
  const variable = `${sourceName
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]+/g, '_')
    .replace(/^[^A-Z]+/, '')}_PASSWORD`;
  if (!isReference) note(`the password of its source is left out; set ${variable} to it`);
  const credentials = password === '' ? user : `${user}:${isReference ? password : `\${${variable}}`}`;
  const port = value('port') === '' ? '5432' : value('port');
  return `postgres://${credentials}@${value('host')}:${port}/${value('database')}`;
}

// `quayside import`: descriptions of APIs and files of other systems as definitions.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import {
  ImportError,
  type ImportedDefinition,
  toDefinitionText,
} from '../definition/import/imported-definition.ts';
import { importMcpServers } from '../definition/import/mcp-servers.ts';
import { importToolbox } from '../definition/import/toolbox.ts';
import { toApiDefinition } from '../definition/openapi/api-definition.ts';
import { ApiImportError, importApi } from '../definition/openapi/api-tools.ts';
import type { Documents } from '../definition/openapi/documents.ts';
import { formatImportReport } from '../definition/openapi/import-report.ts';
import { readApiFile, readApiUrl } from '../definition/openapi/read-api.ts';
import { toJson } from '../definition/source/node.ts';
import { parseSource } from '../definition/source/source.ts';
import { createEgress } from '../egress/egress.ts';
import { EgressError } from '../egress/egress-error.ts';
import type { Log } from '../telemetry/log.ts';
import { EXIT, type Io } from './io.ts';

export interface ImportOptions {
  /** File to write the definition to; standard output when absent. */
  readonly out?: string;
}

export interface OpenApiOptions extends ImportOptions {
  readonly baseUrl?: string;
  readonly method?: readonly string[];
  readonly tag?: readonly string[];
  readonly path?: readonly string[];
  readonly prefix?: string;
  readonly remoteReferences?: true;
  /** File to write the report to, as JSON. */
  readonly report?: string;
}

/** `source` is a file or an http(s) address. Exit code 1 when it cannot be imported, or nothing of it could be. */
export function importOpenApi(source: string, options: OpenApiOptions, io: Io): Promise<number> {
  return orRefusal(io, async () => {
    const api = importApi(await readApi(source, options, io), {
      filter: { methods: options.method ?? [], tags: options.tag ?? [], paths: options.path ?? [] },
      baseUrl: options.baseUrl,
      prefix: options.prefix ?? '',
      credentials: {},
      makesPlaceholders: true,
      handler: {},
    });
    if (options.report !== undefined)
      writeFileSync(options.report, `${JSON.stringify(api.report, null, 2)}\n`);
    io.err(formatImportReport(api.report));
    if (api.tools.length === 0) return EXIT.failure;
    write(toApiDefinition(api), options, io);
    return EXIT.ok;
  });
}

/** `mcpServers` of Claude Desktop, Cursor and others, and `servers` of VS Code, as upstreams. */
export function importMcpJson(file: string, options: ImportOptions, io: Io): Promise<number> {
  return importFile(file, options, io, (text) => {
    // Editors' files have comments, whatever their ending.
    const { root, problems } = parseSource('mcp.jsonc', text);
    if (root === undefined) throw new ImportError(`${file} is not JSON: ${problems[0]?.message ?? ''}`);
    return importMcpServers(toJson(root));
  });
}

/** The tools.yaml of the MCP toolbox for databases. */
export function importToolboxYaml(file: string, options: ImportOptions, io: Io): Promise<number> {
  return importFile(file, options, io, (text) => {
    const documents = parseAllDocuments(text);
    const [error] = documents.flatMap((document) => document.errors);
    if (error !== undefined) throw new ImportError(`${file} is not YAML: ${error.message}`);
    return importToolbox(documents.map((document): unknown => document.toJS()));
  });
}

function importFile(
  file: string,
  options: ImportOptions,
  io: Io,
  read: (text: string) => ImportedDefinition,
): Promise<number> {
  return orRefusal(io, async () => {
    const { definition, notes } = read(readFileSync(file, 'utf8'));
    for (const note of notes) io.err(`${note}.\n`);
    write(definition, options, io);
    return EXIT.ok;
  });
}

/** Over http only by the outbound client, which reaches public addresses and those that the operator opened. */
async function readApi(source: string, options: OpenApiOptions, io: Io): Promise<Documents> {
  if (!/^https?:\/\//i.test(source)) return readApiFile(source).documents;
  const egress = createEgress({ allow: io.env.QUAYSIDE_EGRESS_ALLOW ?? '', log: NO_LOG });
  try {
    return await readApiUrl(source, { egress, followsReferences: options.remoteReferences === true });
  } finally {
    await egress.close();
  }
}

/** What the outbound client has to say is in the error of the command. */
const NO_LOG: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => NO_LOG,
};

function write(definition: ImportedDefinition['definition'], { out }: ImportOptions, io: Io): void {
  const text = toDefinitionText(definition);
  if (out === undefined) io.out(text);
  else writeFileSync(out, text);
}

async function orRefusal(io: Io, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    const isFile = error instanceof Error && 'syscall' in error;
    const isExpected =
      isFile ||
      error instanceof ApiImportError ||
      error instanceof ImportError ||
      error instanceof EgressError;
    if (!isExpected) throw error;
    io.err(`${error.message}\n`);
    return EXIT.failure;
  }
}

// An API description as tools, with a report of everything that they do not carry.

import { createReport } from '../report.ts';
import { checkJsonSchema } from '../rules/json-schema.ts';
import { fromJson, type Json } from '../source/node.ts';
import { parseSource } from '../source/source.ts';
import { createArgumentNames } from './argument-names.ts';
import { type Credentials, createCredentials } from './credentials.ts';
import type { Documents } from './documents.ts';
import { createFindings, type FindingList, type ImportReport } from './import-report.ts';
import { createSchemaReader } from './input-schema.ts';
import { entriesOf, type JsonRecord, memberOf, textOf } from './json-value.ts';
import type { ApiVersion, Operation } from './operation.ts';
import { filterOperations, type OperationFilter } from './operation-filter.ts';
import { addParameter, NotCarried, type ParameterContext } from './parameters.ts';
import { readInputs, readOperations, versionOf } from './read-operations.ts';
import { addBody } from './request-body.ts';
import { argument, literal, type RequestParts } from './request-parts.ts';
import { cut } from './schema-notes.ts';
import { baseUrlOf, serverUrl } from './servers.ts';
import { nameTools } from './tool-names.ts';

export interface ApiImportOptions {
  readonly filter: OperationFilter;
  /** Replaces the servers of the description; operations with servers of their own are then left out. */
  readonly baseUrl?: string | undefined;
  /** In front of every name. */
  readonly prefix: string;
  /** Placeholders by security scheme. */
  readonly credentials: Readonly<Record<string, string>>;
  /** Whether schemes that `credentials` does not name get a placeholder of their own. */
  readonly makesPlaceholders: boolean;
  /** Handler keys that every tool gets, such as `timeout`. */
  readonly handler: JsonRecord;
}

/** A tool by its name, in the form of a definition. */
export type ImportedTool = JsonRecord & { readonly name: string };

export interface ImportedApi {
  readonly title: string;
  readonly version: string;
  readonly tools: readonly ImportedTool[];
  readonly report: ImportReport;
}

/** The whole description is no import: its version, or its server, in words. */
export class ApiImportError extends Error {}

/** Throws ApiImportError where the description as a whole cannot be used; everything else is in the report. */
export function importApi(documents: Documents, options: ApiImportOptions): ImportedApi {
  const { uri, value: root } = documents.root;
  const version = versionOf(root);
  if (version === undefined) {
    throw new ApiImportError('The document is no Swagger 2.0 and no OpenAPI 3.0 or 3.1 description.');
  }
  const base =
    options.baseUrl === undefined ? baseUrlOf(root, uri) : { url: options.baseUrl.replace(/\/+$/, '') };
  if ('problem' in base) throw new ApiImportError(base.problem);
  const info = memberOf(root, 'info');
  const title = textOf(info, 'title') ?? 'API';
  const findings = createFindings();
  const operations = readOperations(documents);
  const names = nameTools(operations, options.prefix);
  const chosen = filterOperations(operations, options.filter);
  const credentials = createCredentials(documents, { ...options, given: options.credentials, title });
  const context = { documents, version, options, base: base.url, credentials, findings };
  const tools = chosen.flatMap((operation) => toTool(operation, names.get(operation) ?? '', context) ?? []);
  tellWhole(root, chosen, findings);
  return {
    title,
    version: textOf(info, 'version') ?? '1.0.0',
    tools,
    report: {
      operations: operations.length,
      imported: tools.length,
      filtered: operations.length - chosen.length,
      findings: findings.all,
      credentials: credentials.used,
    },
  };
}

interface Context {
  readonly documents: Documents;
  readonly version: ApiVersion;
  readonly options: ApiImportOptions;
  readonly base: string;
  readonly credentials: Credentials;
  readonly findings: FindingList;
}

function toTool(operation: Operation, name: string, context: Context): ImportedTool | undefined {
  const { findings, options } = context;
  try {
    const url = urlOf(operation, context);
    const parts = buildRequest(operation, context);
    const inputSchema = toInputSchema(parts);
    const problem = schemaProblem(inputSchema);
    if (problem !== undefined) throw new NotCarried(`its input schema cannot be used: ${problem}`);
    return {
      name,
      description: descriptionOf(operation, (message) => findings.changed(operation.label, message)),
      ...(operation.tags.length === 0 ? {} : { tags: operation.tags }),
      ...(operation.deprecated ? { deprecated: true } : {}),
      ...annotationsOf(operation.method),
      inputSchema,
      handler: toHandler(operation, literal(url) + parts.path, parts, options.handler),
    };
  } catch (error) {
    if (!(error instanceof NotCarried)) throw error;
    findings.skipped(operation.label, error.message);
    return undefined;
  }
}

function urlOf({ servers }: Operation, { options, base, documents }: Context): string {
  const [server] = servers;
  if (server === undefined) return base;
  const own = serverUrl(server, documents.root.uri);
  if ('problem' in own) throw new NotCarried(own.problem);
  if (options.baseUrl !== undefined && own.url !== base) {
    throw new NotCarried('it has a server of its own, and the base URL is given');
  }
  return own.url;
}

function buildRequest(
  operation: Operation,
  { documents, version, credentials, findings }: Context,
): RequestParts {
  const changed = (message: string) => findings.changed(operation.label, message);
  if (operation.path.includes('#')) throw new NotCarried('its path has a fragment, which is never sent');
  // A placeholder of ours, or of nobody: either way not what the description means.
  if (operation.path.includes('${')) throw new NotCarried('its path holds "${"');
  const inputs = readInputs(operation, version, documents);
  for (const problem of inputs.problems) throw new NotCarried(problem);
  const parts: RequestParts = {
    path: operation.path,
    query: {},
    headers: {},
    cookies: [],
    body: undefined,
    bodyParts: {},
    properties: {},
    required: [],
  };
  const schemas = createSchemaReader({ documents, version, changed });
  const context: ParameterContext = { documents, parts, schemas, nameOf: createArgumentNames(), changed };
  for (const parameter of inputs.parameters) addParameter(parameter, context);
  addUndeclared(context);
  const hasBody = operation.method !== 'GET' && operation.method !== 'HEAD';
  if (inputs.body !== undefined && hasBody) addBody(inputs.body, context);
  else if (inputs.body !== undefined) changed(`a body of ${operation.method} is left out`);
  const problem = credentials.add(operation, parts);
  if (problem !== undefined) changed(problem);
  if (parts.cookies.length > 0) parts.headers.Cookie = parts.cookies.join('; ');
  return parts;
}

/** `{name}` in a path that nothing declares: a text, without which there is no path. */
function addUndeclared({ parts, nameOf, changed }: ParameterContext): void {
  parts.path = parts.path.replaceAll(/(?<!\$)\{([^{}]*)\}/g, (_, wanted: string) => {
    const name = nameOf(wanted, 'path');
    parts.properties[name] = { type: 'string' };
    parts.required.push(name);
    changed(`the path parameter ${wanted} is not declared, and is taken as text`);
    return argument(name);
  });
}

function toInputSchema({ properties, required }: RequestParts): JsonRecord {
  return {
    type: 'object',
    properties,
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  };
}

/** The first thing that loading a definition with this schema would complain of. */
function schemaProblem(schema: JsonRecord): string | undefined {
  const source = parseSource('schema.json', '{}');
  const report = createReport(source);
  if (source.root !== undefined) checkJsonSchema(fromJson(asJson(schema), source.root), report);
  return report.problems.find(({ severity }) => severity === 'error')?.message;
}

function asJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value));
}

function toHandler(
  { method }: Operation,
  url: string,
  { query, headers, body, bodyParts }: RequestParts,
  more: JsonRecord,
): JsonRecord {
  const sendsBody = method === 'POST' || method === 'PUT' || method === 'PATCH';
  return {
    type: 'http',
    method,
    url,
    ...(Object.keys(query).length === 0 ? {} : { query }),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    // Without one the handler would send all arguments.
    ...(body !== undefined ? { body } : sendsBody ? { body: '' } : {}),
    ...(Object.keys(bodyParts).length === 0 ? {} : { parts: bodyParts }),
    appendArgs: false,
    ...more,
  };
}

/** RFC 9110 §9.2; reading methods are known to the handler itself. */
function annotationsOf(method: string): JsonRecord {
  if (method === 'DELETE') return { annotations: { destructiveHint: true, idempotentHint: true } };
  return method === 'PUT' ? { annotations: { idempotentHint: true } } : {};
}

/** Characters of the description of a tool: what a model reads of hundreds of tools. */
const DESCRIPTION_MAX = 1000;

function descriptionOf(
  { summary, description, label }: Operation,
  changed: (message: string) => void,
): string {
  const texts = [...new Set([summary, description].filter((text) => text !== undefined))].map((text) =>
    text.trim(),
  );
  const text = texts.join('\n\n') || label;
  if (text.length > DESCRIPTION_MAX) changed(`descriptions are cut at ${DESCRIPTION_MAX} characters`);
  return cut(text, DESCRIPTION_MAX);
}

/** What tools never carry, said once. */
function tellWhole(root: unknown, operations: readonly Operation[], findings: FindingList): void {
  const count = (key: string) =>
    operations.filter(({ place }) => memberOf(place.value, key) !== undefined).length;
  const responses = count('responses');
  if (responses > 0) {
    findings.changed(undefined, `what ${responses} operations answer is passed on and not described`);
  }
  const callbacks = count('callbacks');
  if (callbacks > 0) findings.changed(undefined, `callbacks of ${callbacks} operations are left out`);
  const webhooks = entriesOf(root, 'webhooks').length;
  if (webhooks > 0) findings.changed(undefined, `${webhooks} webhooks are left out`);
}

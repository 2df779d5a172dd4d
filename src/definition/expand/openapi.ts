// `openapi` of a definition: the operations of API descriptions as tools, from files beside the definition.
import { resolve } from 'node:path';
import { ApiImportError, type ImportedApi, importApi } from '../openapi/api-tools.ts';
import { isRecord, type JsonRecord, textOf } from '../openapi/json-value.ts';
import { readApiFile } from '../openapi/read-api.ts';
import type { Report } from '../report.ts';
import { fromJson, type Json, memberOf, type Node, objectNode, toJson } from '../source/node.ts';

export interface OpenApiContext {
  readonly report: Report;
  readonly baseDirectory: string;
  /** Files that were read are added: a change of one reloads the definition. */
  readonly files: Set<string>;
}

/**
 * The definition with the tools of every entry after its own, each placed where its entry stands. `root` is expanded
 * otherwise; entries of a wrong form are left to the check.
 */
export function withApiTools(root: Node, context: OpenApiContext): Node {
  const apis = memberOf(root, 'openapi');
  if (root.kind !== 'object' || apis?.kind !== 'object') return root;
  const own = root.members.get('tools');
  if (own !== undefined && own.kind !== 'array') return root;
  const items = [...apis.members.values()].flatMap((entry) => toolsOf(entry, context));
  const tools = {
    ...objectNode(own ?? apis, {}),
    kind: 'array',
    items: [...(own?.items ?? []), ...items],
  } as const;
  return { ...root, members: new Map([...root.members, ['tools', tools]]) };
}

function toolsOf(entry: Node, context: OpenApiContext): readonly Node[] {
  const found = readEntry(entry, context);
  if (found === undefined) return [];
  for (const file of found.files) context.files.add(file);
  tellGaps(found.api, entry, context.report);
  return found.api.tools.map((tool) => fromJson(asJson(tool), entry));
}

interface Found {
  readonly api: ImportedApi;
  readonly files: readonly string[];
}

/** One load looks at an entry once per environment and once for its secrets; the description is read once. */
const read = new WeakMap<Node, Found>();

function readEntry(entry: Node, { report, baseDirectory }: OpenApiContext): Found | undefined {
  const known = read.get(entry);
  if (known !== undefined) return known;
  const keys = toJson(entry);
  const document = textOf(keys, 'document');
  const baseUrl = textOf(keys, 'baseUrl');
  if (!isRecord(keys) || document === undefined || baseUrl === undefined) return undefined;
  try {
    const { documents, files } = readApiFile(resolve(baseDirectory, document));
    const api = importApi(documents, {
      filter: { methods: textsOf(keys.methods), tags: textsOf(keys.tags), paths: textsOf(keys.paths) },
      baseUrl,
      prefix: textOf(keys, 'prefix') ?? '',
      credentials: valuesOf(keys.credentials),
      makesPlaceholders: false,
      handler: pick(keys, ['timeout', 'maxResponseSize', 'retries']),
    });
    const found = { api, files };
    read.set(entry, found);
    return found;
  } catch (error) {
    if (!(error instanceof ApiImportError)) throw error;
    report.error({
      rule: 'file',
      node: memberOf(entry, 'document') ?? entry,
      message: error.message,
      fix: 'Name a Swagger 2.0, OpenAPI 3.0 or 3.1 description beside the definition.',
    });
    return undefined;
  }
}

/** Operations named in one warning; `quayside import openapi` names all. */
const NAMED_MAX = 3;

function tellGaps({ report: found }: ImportedApi, entry: Node, report: Report): void {
  const groups = new Map([
    ['become no tools', found.findings.filter(({ effect }) => effect === 'skipped')],
    [
      'are sent without a credential',
      found.findings.filter(({ message }) => /nothing is sent for it$/.test(message)),
    ],
  ]);
  for (const [what, findings] of groups) {
    const [first] = findings;
    if (first === undefined) continue;
    const named = findings.slice(0, NAMED_MAX).map(({ operation }) => operation);
    report.warning({
      rule: 'short-form',
      node: entry,
      atKey: true,
      message: `${findings.length} operations ${what}, such as ${named.join(', ')}: ${first.message}.`,
      fix: 'See them all with quayside import openapi.',
    });
  }
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

function valuesOf(value: unknown): Readonly<Record<string, string>> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function pick(keys: JsonRecord, names: readonly string[]): JsonRecord {
  return Object.fromEntries(names.flatMap((name) => (keys[name] === undefined ? [] : [[name, keys[name]]])));
}

function asJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value));
}

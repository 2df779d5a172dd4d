// Reads the operations of an API description, and what each takes in.
import { HTTP_METHODS } from '../schema/handler.ts';
import type { Documents, Place } from './documents.ts';
import { entriesOf, isRecord, listOf, memberOf, textOf } from './json-value.ts';
import {
  type ApiVersion,
  type Body,
  type Inputs,
  type Operation,
  PARAMETER_PLACES,
  type Parameter,
} from './operation.ts';
import { readSwaggerInputs } from './swagger.ts';

/** `trace` and `options` are methods of descriptions, but none that a tool could send. */
const OTHER_METHODS = ['options', 'trace', 'query'];

/** Undefined where `root` is no description of a version that is known. */
export function versionOf(root: unknown): ApiVersion | undefined {
  if (textOf(root, 'swagger') === '2.0' || memberOf(root, 'swagger') === 2) return '2.0';
  const version = textOf(root, 'openapi') ?? '';
  if (/^3\.0(\.|$)/.test(version)) return '3.0';
  return /^3\.[12](\.|$)/.test(version) ? '3.1' : undefined;
}

/** In the order of the description. */
export function readOperations(documents: Documents): readonly Operation[] {
  return entriesOf(documents.root.value, 'paths').flatMap(([path, given]) => {
    const item = documents.resolve({ uri: documents.root.uri, value: given });
    if (item === undefined || !path.startsWith('/')) return [];
    return [...HTTP_METHODS.map((method) => method.toLowerCase()), ...OTHER_METHODS].flatMap((method) => {
      const value = memberOf(item.value, method);
      return isRecord(value) ? [readOperation({ path, method, item, value })] : [];
    });
  });
}

function readOperation(from: {
  readonly path: string;
  readonly method: string;
  readonly item: Place;
  readonly value: unknown;
}): Operation {
  const { path, item, value } = from;
  const method = from.method.toUpperCase();
  const own = listOf(value, 'servers');
  return {
    label: `${method} ${path}`,
    method,
    path,
    place: { uri: item.uri, value },
    id: textOf(value, 'operationId'),
    summary: textOf(value, 'summary') ?? textOf(item.value, 'summary'),
    description: textOf(value, 'description') ?? textOf(item.value, 'description'),
    tags: listOf(value, 'tags').filter((tag): tag is string => typeof tag === 'string'),
    deprecated: memberOf(value, 'deprecated') === true,
    security: memberOf(value, 'security'),
    servers: own.length > 0 ? own : listOf(item.value, 'servers'),
  };
}

/** Parameters and body, those of the path included, where the operation does not say otherwise. */
export function readInputs(operation: Operation, version: ApiVersion, documents: Documents): Inputs {
  const { root } = documents;
  const item = documents.resolve({
    uri: root.uri,
    value: memberOf(memberOf(root.value, 'paths'), operation.path),
  });
  const given = [
    ...listOf(item?.value, 'parameters').map((value) => ({ uri: item?.uri ?? root.uri, value })),
    ...listOf(operation.place.value, 'parameters').map((value) => ({ uri: operation.place.uri, value })),
  ];
  const problems: string[] = [];
  const byKey = new Map<string, Place>();
  for (const place of given) {
    const found = documents.resolve(place);
    const name = textOf(found?.value, 'name');
    const where = textOf(found?.value, 'in');
    if (found === undefined || name === undefined || where === undefined) {
      problems.push(`a parameter cannot be read${referenceOf(place)}`);
    } else {
      byKey.set(`${where} ${name}`, found);
    }
  }
  const places = [...byKey.values()];
  const inputs =
    version === '2.0'
      ? readSwaggerInputs(operation, places, root.value)
      : { parameters: places.flatMap(readParameter), body: readBody(operation, documents, problems) };
  return { ...inputs, problems };
}

function referenceOf({ value }: Place): string {
  const reference = textOf(value, '$ref');
  return reference === undefined ? '' : ` (${reference})`;
}

function readParameter({ uri, value }: Place): Parameter[] {
  const where = PARAMETER_PLACES.find((one) => one === memberOf(value, 'in'));
  if (where === undefined) return [];
  const [content] = entriesOf(value, 'content');
  const style = textOf(value, 'style') ?? (where === 'query' || where === 'cookie' ? 'form' : 'simple');
  const explode = memberOf(value, 'explode');
  return [
    {
      name: textOf(value, 'name') ?? '',
      in: where,
      required: where === 'path' || memberOf(value, 'required') === true,
      description: textOf(value, 'description'),
      deprecated: memberOf(value, 'deprecated') === true,
      schema: {
        uri,
        value: (content === undefined ? memberOf(value, 'schema') : memberOf(content[1], 'schema')) ?? {},
      },
      style,
      explode: typeof explode === 'boolean' ? explode : style === 'form',
      mediaType: content?.[0],
      example: memberOf(value, 'example'),
    },
  ];
}

function readBody({ place }: Operation, documents: Documents, problems: string[]): Body | undefined {
  const given = memberOf(place.value, 'requestBody');
  if (given === undefined) return undefined;
  const body = documents.resolve({ uri: place.uri, value: given });
  if (body === undefined) {
    problems.push(`its body cannot be read${referenceOf({ uri: place.uri, value: given })}`);
    return undefined;
  }
  return {
    required: memberOf(body.value, 'required') === true,
    description: textOf(body.value, 'description'),
    contents: entriesOf(body.value, 'content').map(([mediaType, content]) => ({
      mediaType,
      schema: { uri: body.uri, value: memberOf(content, 'schema') ?? {} },
      encoding: memberOf(content, 'encoding'),
    })),
  };
}

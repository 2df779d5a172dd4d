// Parameters of Swagger 2.0 in the form of OpenAPI 3: schemas of their own, styles, and a body.
import type { Place } from './documents.ts';
import { isRecord, type JsonRecord, listOf, memberOf, textOf } from './json-value.ts';
import type { Body, Inputs, Operation, Parameter } from './operation.ts';

/** Members of a parameter that say nothing of its value. */
const NOT_OF_SCHEMA: ReadonlySet<string> = new Set([
  'name',
  'in',
  'required',
  'description',
  'collectionFormat',
  'allowEmptyValue',
]);

/** What 3.x says by `style` and `explode`. `tsv` has no counterpart. */
const STYLES: Readonly<Record<string, string>> = {
  csv: 'form',
  multi: 'form',
  ssv: 'spaceDelimited',
  pipes: 'pipeDelimited',
  tsv: 'tabDelimited',
};

const FORM = 'application/x-www-form-urlencoded';
const MULTIPART = 'multipart/form-data';

/** `places` are resolved parameters; `root` holds what operations without a `consumes` take. */
export function readSwaggerInputs(
  operation: Operation,
  places: readonly Place[],
  root: unknown,
): Pick<Inputs, 'parameters' | 'body'> {
  const own = listOf(operation.place.value, 'consumes');
  const consumes = (own.length > 0 ? own : listOf(root, 'consumes')).filter(
    (type): type is string => typeof type === 'string',
  );
  return {
    parameters: places.flatMap(readParameter),
    body: readBody(places, consumes) ?? readForm(places, consumes),
  };
}

function readParameter({ uri, value }: Place): Parameter[] {
  const where = memberOf(value, 'in');
  if (where !== 'path' && where !== 'query' && where !== 'header') return [];
  const format = textOf(value, 'collectionFormat') ?? 'csv';
  const isList = memberOf(value, 'type') === 'array';
  const style = where === 'query' ? (STYLES[format] ?? format) : format === 'csv' ? 'simple' : format;
  return [
    {
      name: textOf(value, 'name') ?? '',
      in: where,
      required: where === 'path' || memberOf(value, 'required') === true,
      description: textOf(value, 'description'),
      deprecated: false,
      schema: { uri, value: schemaOf(value) },
      style: isList ? style : where === 'query' ? 'form' : 'simple',
      explode: format === 'multi',
      mediaType: undefined,
      example: memberOf(value, 'x-example'),
    },
  ];
}

function schemaOf(parameter: unknown): JsonRecord {
  if (!isRecord(parameter)) return {};
  return Object.fromEntries(Object.entries(parameter).filter(([key]) => !NOT_OF_SCHEMA.has(key)));
}

function readBody(places: readonly Place[], consumes: readonly string[]): Body | undefined {
  const place = places.find(({ value }) => memberOf(value, 'in') === 'body');
  if (place === undefined) return undefined;
  const types = consumes.length === 0 ? ['application/json'] : consumes;
  const schema = { uri: place.uri, value: memberOf(place.value, 'schema') ?? {} };
  return {
    required: memberOf(place.value, 'required') === true,
    description: textOf(place.value, 'description'),
    contents: types.map((mediaType) => ({ mediaType, schema, encoding: undefined })),
  };
}

/** Fields of a form as one schema; those with a file can travel as multipart only. */
function readForm(places: readonly Place[], consumes: readonly string[]): Body | undefined {
  const fields = places.filter(({ value }) => memberOf(value, 'in') === 'formData');
  const [first] = fields;
  if (first === undefined) return undefined;
  const hasFile = fields.some(({ value }) => memberOf(value, 'type') === 'file');
  const named = fields.map(({ value }) => [textOf(value, 'name') ?? '', value] as const);
  const required = named.filter(([, value]) => memberOf(value, 'required') === true).map(([name]) => name);
  const described = named.map(([name, value]) => {
    const description = textOf(value, 'description');
    return [name, { ...schemaOf(value), ...(description === undefined ? {} : { description }) }] as const;
  });
  const encoding = named.map(([name, value]) => {
    const format = textOf(value, 'collectionFormat') ?? 'csv';
    return [name, { style: STYLES[format] ?? format, explode: format === 'multi' }] as const;
  });
  const forms = consumes.filter((type) => type === FORM || type === MULTIPART);
  const types = hasFile ? [MULTIPART] : forms.length === 0 ? [FORM] : forms;
  const schema = { type: 'object', properties: Object.fromEntries(described), required };
  return {
    required: required.length > 0,
    description: undefined,
    contents: types.map((mediaType) => ({
      mediaType,
      schema: { uri: first.uri, value: schema },
      encoding: Object.fromEntries(encoding),
    })),
  };
}

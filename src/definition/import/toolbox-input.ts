// Parameters of a toolbox tool as an input schema.
import { isRecord, type JsonRecord, listOf, memberOf, textOf } from '../openapi/json-value.ts';
import { NotImported } from './not-imported.ts';

const TYPES: ReadonlyMap<unknown, string> = new Map([
  ['string', 'string'],
  ['integer', 'integer'],
  ['float', 'number'],
  ['boolean', 'boolean'],
  ['array', 'array'],
  ['map', 'object'],
]);

/** Throws NotImported for a type that it does not know, and for values that come from a login. */
export function toToolboxInput(parameters: readonly unknown[]): JsonRecord {
  const given = parameters.filter(isRecord);
  const required = given.filter(isRequired).map((parameter) => nameOf(parameter));
  return {
    type: 'object',
    properties: Object.fromEntries(given.map((parameter) => [nameOf(parameter), toSchema(parameter)])),
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  };
}

/** The name of a parameter. */
export function nameOf(parameter: unknown): string {
  return textOf(parameter, 'name') ?? '';
}

/** One with a default, or that says so, may be missing. */
function isRequired(parameter: JsonRecord): boolean {
  return memberOf(parameter, 'default') === undefined && memberOf(parameter, 'required') !== false;
}

function toSchema(parameter: JsonRecord): JsonRecord {
  if (listOf(parameter, 'authServices').length > 0 || listOf(parameter, 'authSources').length > 0) {
    throw new NotImported(`its parameter ${nameOf(parameter)} comes from a login`);
  }
  const type = TYPES.get(parameter.type);
  if (type === undefined) throw new NotImported(`its parameter ${nameOf(parameter)} has an unknown type`);
  const { description, items, minValue, maxValue } = parameter;
  const allowed = listOf(parameter, 'allowedValues');
  const values = memberOf(parameter, 'default');
  return {
    type,
    ...(typeof description === 'string' ? { description } : {}),
    ...(type === 'array' && isRecord(items) ? { items: toSchema(items) } : {}),
    ...(allowed.length === 0 ? {} : { enum: allowed }),
    ...(typeof minValue === 'number' ? { minimum: minValue } : {}),
    ...(typeof maxValue === 'number' ? { maximum: maxValue } : {}),
    ...(values === undefined || values === null ? {} : { default: values }),
  };
}

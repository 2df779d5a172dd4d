// JSON Schema 2020-12 through Ajv, set up for values from strangers: linear patterns, formats and uniqueness.
import { Ajv2020, type ErrorObject, type Options } from 'ajv/dist/2020.js';
import { CHECKED_FORMATS } from '../../definition/rules/json-schema.ts';
import type { JsonObject } from '../../tool.ts';
import { formatChecks } from './formats.ts';
import { compilePattern } from './pattern/linear-pattern.ts';
import { findDuplicate } from './unique-items.ts';

/** One finding of the engine: an Ajv error with the value and the schema it is about. */
export type SchemaFinding = ErrorObject;

/**
 * Compiles schemas. Make one per plan: compiled code lives as long as the engine. Schemas must have passed
 * `checkSchema`; others throw here.
 */
export interface SchemaEngine {
  /** Says whether a value is valid; stops at the first finding. The value stays as it is. */
  compile(schema: JsonObject): (value: unknown) => boolean;
  /** The same, and fills defaults of absent properties into the value, which is changed. */
  compileFilling(schema: JsonObject): (value: unknown) => boolean;
  /** All findings, none when valid; slower code, so made only after a value was refused. */
  compileExplaining(schema: JsonObject): (value: unknown) => readonly SchemaFinding[];
}

const SHARED_OPTIONS: Options = {
  // Unknown keywords and formats are annotations, as the specification of JSON Schema has it.
  strict: false,
  logger: false,
  // checkSchema has done this without the cost of compiling the meta-schema.
  validateSchema: false,
  meta: false,
  addUsedSchema: false,
  // `constructor` and other inherited names are neither present nor invalid.
  ownProperties: true,
  // 19.99 is a multiple of 0.01, whatever binary fractions make of it.
  multipleOfPrecision: 10,
  // `1e999` is parsed to Infinity, which is no JSON number and would reach handlers as null.
  strictNumbers: true,
  unicodeRegExp: false,
  code: { regExp: Object.assign(linearRegExp, { code: 'linearRegExp' }) },
};

/** Makes an engine; the instances inside are made when first needed. */
export function createSchemaEngine(): SchemaEngine {
  let plain: Ajv2020 | undefined;
  let filling: Ajv2020 | undefined;
  let explaining: Ajv2020 | undefined;
  return {
    compile(schema) {
      plain ??= createAjv({ messages: false });
      return compileWith(plain, schema);
    },
    compileFilling(schema) {
      filling ??= createAjv({ messages: false, useDefaults: true });
      return compileWith(filling, schema);
    },
    compileExplaining(schema) {
      explaining ??= createAjv({ allErrors: true, verbose: true });
      const validate = compileWith(explaining, schema);
      return (value) => (validate(value) ? [] : [...(validate.errors ?? [])]);
    },
  };
}

function createAjv(options: Options): Ajv2020 {
  const ajv = new Ajv2020({ ...SHARED_OPTIONS, ...options });
  for (const format of CHECKED_FORMATS)
    ajv.addFormat(format, { type: 'string', validate: formatChecks[format] });
  ajv.removeKeyword('uniqueItems');
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    validate: (unique: boolean, items: readonly unknown[]) => !unique || findDuplicate(items) === undefined,
  });
  return ajv;
}

function compileWith(ajv: Ajv2020, schema: JsonObject) {
  const validate = ajv.compile(schema);
  // The function is all that is needed; the instance would keep the schema and its intermediate forms.
  ajv.removeSchema(schema);
  return validate;
}

function linearRegExp(pattern: string) {
  const matcher = compilePattern(pattern);
  // Ajv shares compiled patterns by their text.
  return { test: (text: string) => matcher.test(text), toString: () => pattern };
}

// `${args.x}` in the strings of an http handler: found once when the handler is prepared, looked up per call.
// Environment values stand in these strings already; what is inserted from arguments is never read again.
import { ARGUMENT_FORMS, type ArgumentForm } from '../../definition/argument-forms.ts';
import { HandlerError } from '../../errors.ts';
import type { JsonObject } from '../../tool.ts';

/** One `${args.a.b[0]}`. */
export interface Placeholder {
  /** Property names and array indexes from the root of the arguments; never empty. */
  readonly path: readonly (string | number)[];
  /** As errors name it: `a.b[0]`. */
  readonly field: string;
  readonly form: ArgumentForm | undefined;
  /** As the author wrote it. */
  readonly source: string;
}

/** Literal text and placeholders in order; literals are never empty and never adjacent. */
export type Template = readonly (string | Placeholder)[];

/** Parses the strings of one handler and remembers which arguments they use. */
export interface TemplateScope {
  /** Throws HandlerError HANDLER_CONFIG_ERROR; `place` names the key, such as `headers.Authorization`. */
  parse(text: string, place: string): Template;
  /** For text that must not depend on arguments, such as header names; the literal text. */
  parseLiteral(text: string, place: string): string;
  /** Top-level names of the arguments used so far. */
  readonly used: ReadonlySet<string>;
}

/** `inputSchema` serves to find misspelt argument names. */
export function createTemplateScope(inputSchema: JsonObject): TemplateScope {
  const used = new Set<string>();
  const declared = declaredNames(inputSchema);
  function parse(text: string, place: string): Template {
    const template = parseTemplate(text, place);
    for (const part of template) {
      if (typeof part === 'string') continue;
      const root = String(part.path[0]);
      if (declared !== undefined && !declared.includes(root)) throw unknownArgument(part, place, declared);
      used.add(root);
    }
    return template;
  }
  return {
    parse,
    used,
    parseLiteral(text, place) {
      const template = parse(text, place);
      const [only = ''] = template;
      if (template.length > 1 || typeof only !== 'string') {
        throw configError(place, 'must not depend on arguments', 'write it out');
      }
      return only;
    },
  };
}

/** The value a placeholder stands for; undefined when any step of its path is missing. Own properties only. */
export function lookUp(args: JsonObject, placeholder: Placeholder): unknown {
  let value: unknown = args;
  for (const step of placeholder.path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = Array.isArray(value) && step === 'length' ? undefined : Reflect.get(value, step);
  }
  return value;
}

/** The placeholder when the template is exactly one. */
export function soleOf(template: Template): Placeholder | undefined {
  const [first] = template;
  return template.length === 1 && typeof first !== 'string' ? first : undefined;
}

/** Text of a value: strings as they are, numbers and booleans in JSON's form, the rest as JSON. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A mistake of the definition's author, found when the handler is prepared. */
export function configError(place: string, problem: string, fix: string): HandlerError {
  return new HandlerError('HANDLER_CONFIG_ERROR', `handler.${place} ${problem}; ${fix}.`);
}

/** `$${` is a literal `${`; `${args` must be a whole placeholder; any other `${` is text, perhaps of a secret. */
const TOKEN = /\$\$\{|\$\{args(?![A-Za-z0-9_])[^}]*\}?/g;
const PLACEHOLDER = /^\$\{args((?:\.[^.[\]{}|"\\\s]+|\[\d{1,6}\])+)(?:\|(\w+))?\}$/;
const STEP = /\.([^.[]+)|\[(\d+)\]/g;

function parseTemplate(text: string, place: string): Template {
  const parts: (string | Placeholder)[] = [];
  let literal = '';
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    literal += text.slice(end, match.index);
    end = match.index + match[0].length;
    if (match[0] === '$${') {
      literal += '${';
      continue;
    }
    if (literal !== '') parts.push(literal);
    literal = '';
    parts.push(parsePlaceholder(match[0], place));
  }
  literal += text.slice(end);
  if (literal !== '') parts.push(literal);
  return parts;
}

function parsePlaceholder(source: string, place: string): Placeholder {
  const match = PLACEHOLDER.exec(source);
  if (match === null) {
    throw configError(
      place,
      `contains ${JSON.stringify(source)}`,
      'write ${args.name}, ${args.a.b[0]} or $${ for text',
    );
  }
  const [, steps = '', given] = match;
  const form = ARGUMENT_FORMS.find((known) => known === given);
  if (form !== given) {
    throw configError(place, `uses the unknown form "|${given}"`, `known are ${ARGUMENT_FORMS.join(', ')}`);
  }
  return {
    path: [...steps.matchAll(STEP)].map(([, name, index]) => name ?? Number(index)),
    field: steps.startsWith('.') ? steps.slice(1) : steps,
    form,
    source,
  };
}

/** Undefined where the schema admits names it does not list. */
function declaredNames(schema: JsonObject): readonly string[] | undefined {
  const { properties } = schema;
  const isClosed = schema.additionalProperties === false && schema.patternProperties === undefined;
  if (!isClosed || typeof properties !== 'object' || properties === null) return undefined;
  return Object.keys(properties);
}

function unknownArgument(part: Placeholder, place: string, declared: readonly string[]): HandlerError {
  const known =
    declared.length === 0 ? 'it declares none' : `it declares ${declared.slice(0, 10).join(', ')}`;
  return configError(place, `uses ${part.source}, which the input schema does not declare`, known);
}

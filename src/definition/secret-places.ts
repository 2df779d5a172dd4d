// The places of a definition that hold secrets by its schema: hidden where it is shown, known where text is redacted.
import { Definition } from './schema/definition.ts';
import type { Shape } from './schema/vocabulary.ts';

const HIDDEN = '***';

/** The definition as it may be shown: every text at a secret place is `***`; addresses keep all but their password. */
export function withHiddenSecrets(definition: Definition): unknown {
  return mapSecrets(Definition, definition, (text, shape) =>
    shape.storeVariables === true && isAddress(text) ? text : HIDDEN,
  );
}

/**
 * Texts at secret places that look like keys, such as the value of a header that no placeholder made: to be found
 * wherever else they turn up. Words and numbers are left out, because hiding them would make logs unreadable.
 */
export function literalSecrets(definition: Definition): readonly string[] {
  const found = new Set<string>();
  mapSecrets(Definition, definition, (text) => {
    for (const word of text.split(/\s+/)) if (looksLikeKey(word)) found.add(word);
    return text;
  });
  return [...found];
}

/** Shorter ones are versions, dates and names. */
const KEY_LENGTH_MIN = 16;
/** Placeholders, addresses, lists, media types, times, and words with at most a number behind them. */
const NO_KEY = /[${},;]|:\/\/|^[a-z]+\/[\w.+-]+$|^\d{4}-\d\d-\d\dT|^[a-z]+(?:[_.-][a-z]+)*[_.-]?\d*$/i;

function looksLikeKey(word: string): boolean {
  return word.length >= KEY_LENGTH_MIN && /[a-z]/i.test(word) && /\d/.test(word) && !NO_KEY.test(word);
}

function isAddress(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
}

/** A copy in which `replace` has judged each text at or below a secret place. */
function mapSecrets(
  shape: Shape,
  value: unknown,
  replace: (text: string, shape: Shape) => unknown,
  inherited?: Shape,
): unknown {
  const secret = shape.secret === true ? shape : inherited;
  if (typeof value === 'string') return secret === undefined ? value : replace(value, secret);
  const below = (one: Shape, item: unknown) => mapSecrets(one, item, replace, secret);
  if (Array.isArray(value))
    return value.map((item) => below(shape.kind === 'array' ? shape.items : shape, item));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]): [string, unknown] => [
    key,
    below(memberShape(shape, value, key), item),
  ]);
  return Object.fromEntries(entries);
}

/** What the schema says of a key; inside of `any` the same as of the whole. */
function memberShape(shape: Shape, value: object, key: string): Shape {
  switch (shape.kind) {
    case 'record':
      return shape.values;
    case 'object':
      return shape.members[key] ?? ANY;
    case 'variants': {
      const variant =
        'type' in value && typeof value.type === 'string' ? shape.variants[value.type] : undefined;
      return variant?.members[key] ?? ANY;
    }
    case 'union': {
      const option = shape.options.find(
        ({ kind }) => kind === 'object' || kind === 'record' || kind === 'variants',
      );
      return option === undefined ? ANY : memberShape(option, value, key);
    }
    default:
      return ANY;
  }
}

const ANY: Shape = { kind: 'any', doc: '' };

// RFC 6570 levels 1 to 3, the other way round: which values of the variables give this URI.

/** Longer URIs match nothing; servers commonly accept no longer ones either. */
const URI_MAX = 8192;

const OPERATORS = ['', '+', '#', '.', '/', ';', '?', '&'] as const;
type Operator = (typeof OPERATORS)[number];

interface Expression {
  readonly operator: Operator;
  readonly names: readonly string[];
  /** What the text of the expression must look like as a whole. */
  readonly shape: RegExp;
}
type Part = string | Expression;

export interface UriTemplate {
  /** In order of appearance, each once. */
  readonly variables: readonly string[];
  /** Decoded values of the variables that the URI gives; undefined where it does not match. */
  match(uri: string): Readonly<Record<string, string>> | undefined;
}

/** Characters of a value that need no encoding, percent-encoded ones, and those beyond ASCII as people write them. */
const PLAIN = '[A-Za-z0-9\\-._~\\u0080-\\uffff]|%[0-9A-Fa-f]{2}';
/** The same without the dot, which separates labels. */
const LABEL = '[A-Za-z0-9\\-_~\\u0080-\\uffff]|%[0-9A-Fa-f]{2}';
const RESERVED = "[A-Za-z0-9\\-._~:/?#\\[\\]@!$&'()*+,;=\\u0080-\\uffff]|%[0-9A-Fa-f]{2}";

/** Throws SyntaxError for a malformed template, one of level 4, and two values with nothing in between. */
export function parseUriTemplate(template: string): UriTemplate {
  const parts: Part[] = [];
  for (const text of template.split(/(\{[^}]*\})/)) {
    if (text.startsWith('{')) parts.push(parseExpression(text));
    else if (/[{}]/.test(text)) throw new SyntaxError(`A brace in ${JSON.stringify(text)} has no partner.`);
    else if (text !== '') parts.push(text);
  }
  for (const [index, part] of parts.entries()) {
    const isBare = typeof part === 'object' && (part.operator === '' || part.operator === '+');
    if (isBare && typeof parts[index - 1] === 'object') {
      throw new SyntaxError(
        'Two expressions follow each other with nothing that tells where the first one ends.',
      );
    }
  }
  const variables = [...new Set(parts.flatMap((part) => (typeof part === 'string' ? [] : part.names)))];
  return Object.freeze({ variables, match: (uri: string) => matchUri(uri, parts) });
}

function parseExpression(text: string): Expression {
  const inner = text.slice(1, -1);
  const operator = OPERATORS.find((known) => known !== '' && inner.startsWith(known)) ?? '';
  const names = inner.slice(operator.length).split(',');
  for (const name of names) {
    if (/[*:]/.test(name))
      throw new SyntaxError(`${text} is of level 4 (RFC 6570); levels 1 to 3 are supported.`);
    if (!/^(?:[A-Za-z0-9_.]|%[0-9A-Fa-f]{2})+$/.test(name))
      throw new SyntaxError(`${text} names no variable.`);
  }
  return { operator, names, shape: new RegExp(`^(?:${shapeOf(operator, names.length)})$`) };
}

/** Each is matched in one pass: no character can belong to two places. */
function shapeOf(operator: Operator, count: number): string {
  switch (operator) {
    case '':
      return `(?:${PLAIN})+(?:,(?:${PLAIN})+){0,${count - 1}}`;
    case '+':
      return `(?:${RESERVED})+`;
    case '#':
      return `(?:#(?:${RESERVED})+)?`;
    case '.':
      return `(?:\\.(?:${LABEL})+){1,${count}}`;
    case '/':
      return `(?:/(?:${PLAIN})+){1,${count}}`;
    case ';':
      return '(?:;[^;/?#&]+)*';
    case '?':
      return '(?:\\?[^#]*)?';
    case '&':
      return '(?:&[^#]*)?';
  }
}

/** Left to right without going back: a value ends where the next literal first begins, or the last one last. */
function matchUri(uri: string, parts: readonly Part[]): Readonly<Record<string, string>> | undefined {
  if (uri.length > URI_MAX) return undefined;
  const values = new Map<string, string>();
  let position = 0;
  for (const [index, part] of parts.entries()) {
    if (typeof part === 'string') {
      if (!uri.startsWith(part, position)) return undefined;
      position += part.length;
      continue;
    }
    const end = endOf(uri, position, parts.slice(index + 1));
    const text = uri.slice(position, end);
    if (end < position || !part.shape.test(text) || !takeValues(text, part, values)) return undefined;
    position = end;
  }
  return position === uri.length ? Object.fromEntries(values) : undefined;
}

/** Where the expression before `rest` ends; -1 where `rest` cannot follow. */
function endOf(uri: string, position: number, [next, ...more]: readonly Part[]): number {
  if (next === undefined) return uri.length;
  if (typeof next === 'string') {
    if (more.length > 0) return uri.indexOf(next, position);
    return uri.endsWith(next) ? uri.length - next.length : -1;
  }
  // One step on: the opening character of this expression may be that of the next one.
  const opening = uri.indexOf(next.operator, position + 1);
  return opening < 0 ? uri.length : opening;
}

/** False for values that are none, and for a variable with two different ones. */
function takeValues(text: string, expression: Expression, values: Map<string, string>): boolean {
  for (const [name, raw] of takeApart(text, expression)) {
    const value = decode(raw);
    if (value === undefined || (values.has(name) && values.get(name) !== value)) return false;
    values.set(name, value);
  }
  return true;
}

function takeApart(text: string, { operator, names }: Expression): (readonly [string, string])[] {
  if (text === '') return [];
  if (operator === ';' || operator === '?' || operator === '&') return namedValues(text, names);
  const separator = operator === '.' || operator === '/' ? operator : ',';
  const parts = (operator === '' || operator === '+' ? text : text.slice(1)).split(separator);
  // A list of one variable is that variable's text.
  const values = names.length === 1 ? [parts.join(separator)] : parts;
  return names.flatMap((name, index) => {
    const value = index === names.length - 1 ? values.slice(index).join(separator) : values[index];
    return value === undefined || value === '' ? [] : [[name, value] as const];
  });
}

/** `?a=1&b=2` in any order; what the template does not name is ignored. */
function namedValues(text: string, names: readonly string[]): (readonly [string, string])[] {
  return text
    .slice(1)
    .split(text.startsWith(';') ? ';' : '&')
    .flatMap((pair) => {
      const at = pair.indexOf('=');
      const name = at < 0 ? pair : pair.slice(0, at);
      return names.includes(name) ? [[name, at < 0 ? '' : pair.slice(at + 1)] as const] : [];
    });
}

/** Undefined for broken encoding and for what could lead a handler astray: control characters and dot segments. */
function decode(raw: string): string | undefined {
  let value: string;
  try {
    value = decodeURIComponent(raw);
  } catch {
    // Not UTF-8 in percent-encoding: no value of a template.
    return undefined;
  }
  if (/\p{Cc}/u.test(value)) return undefined;
  return value.split(/[/\\]/).some((segment) => segment === '..' || segment === '.') ? undefined : value;
}

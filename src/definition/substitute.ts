// `${...}` in definitions (spec servers §4.1, §4.2): the part that is resolved when a definition is loaded.
// `${args.x}` stays for the HTTP handler, which renders it per call.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ARGUMENT_PATH } from './argument-forms.ts';
import type { Report } from './report.ts';
import { lookUpSecret, type SecretOutcomes } from './secret-reference.ts';
import type { Node } from './source/node.ts';

/** Larger secrets than this are files of another kind, named by mistake. */
const FILE_BYTES_MAX = 64 * 1024;
/** Shorter values are no secrets, and hiding them would make logs unreadable. */
const SECRET_LENGTH_MIN = 6;
const ENVIRONMENT = /^([A-Z_][A-Z0-9_]*)(?::([-?])([\s\S]*))?$/;

/** Values that belong to the process, never to a definition. */
const FORBIDDEN_NAMES = new Set([
  'API_KEY_SALT',
  'API_KEY_SALT_PREVIOUS',
  'SESSION_SECRET',
  'SESSION_SECRET_PREVIOUS',
  'SECRET_KEY',
  'DATABASE_URL',
  'DATABASE_CONTEXT_KEY',
  'DB_PASSWORD',
  'REDIS_URL',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'CLERK_SECRET_KEY',
]);
const FORBIDDEN_PATTERN = /^QUAYSIDE_|_MASTER_KEY$/;
/** What the places of databases and models may name besides (spec servers §4.2). */
const STORE_NAMES = new Set(['DATABASE_URL', 'DB_PASSWORD']);

export interface SubstitutionSettings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly trusted: boolean;
  /** Names that untrusted definitions may use. */
  readonly envAllow: readonly string[];
  /** The definition's own `env` key. */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  /** Relative paths of `${file:...}` start here. */
  readonly baseDirectory: string;
  /** False for overlays of other environments: placeholders are checked, but nothing needs to be set. */
  readonly resolve: boolean;
  /** What `${secret:...}` stands for; absent where references are only checked. */
  readonly secrets?: SecretOutcomes;
}

export interface Substitution {
  /** All strings in the tree with their placeholders replaced; what cannot be replaced is reported and stays. */
  apply(
    node: Node,
    place: { readonly argumentsAllowed: boolean; readonly storeVariables: boolean },
  ): { readonly node: Node; readonly complete: boolean };
  /** Values that were inserted. */
  readonly secretValues: ReadonlySet<string>;
  /** Absolute paths of files that were read. */
  readonly files: ReadonlySet<string>;
}

export function createSubstitution(settings: SubstitutionSettings, report: Report): Substitution {
  const secretValues = new Set<string>();
  const files = new Set<string>();
  const context: Context = { settings, report, secretValues, files, unresolved: { count: 0 } };
  return {
    secretValues,
    files,
    apply(node, place) {
      const before = report.problems.length + context.unresolved.count;
      const result = hasPlaceholder(node) ? applyTo(node, { ...context, place }) : node;
      return { node: result, complete: report.problems.length + context.unresolved.count === before };
    },
  };
}

interface Context {
  readonly settings: SubstitutionSettings;
  readonly report: Report;
  readonly secretValues: Set<string>;
  readonly files: Set<string>;
  /** Placeholders that stay because nothing needs to be set. */
  readonly unresolved: { count: number };
}
interface PlacedContext extends Context {
  readonly place: { readonly argumentsAllowed: boolean; readonly storeVariables: boolean };
}

function hasPlaceholder(node: Node): boolean {
  if (node.kind === 'array') return node.items.some(hasPlaceholder);
  if (node.kind === 'object') return [...node.members.values()].some(hasPlaceholder);
  return typeof node.value === 'string' && node.value.includes('${');
}

function applyTo(node: Node, context: PlacedContext): Node {
  if (node.kind === 'array') return { ...node, items: node.items.map((item) => applyTo(item, context)) };
  if (node.kind === 'object') {
    const members = new Map([...node.members].map(([key, value]) => [key, applyTo(value, context)] as const));
    return { ...node, members };
  }
  if (typeof node.value !== 'string' || !node.value.includes('${')) return node;
  return { ...node, value: replaceAll(node.value, node, context) };
}

function replaceAll(text: string, node: Node, context: PlacedContext): string {
  let result = '';
  let at = 0;
  for (let start = text.indexOf('${'); start !== -1; start = text.indexOf('${', at)) {
    // An escape stays one where arguments are rendered later, and is resolved everywhere else.
    if (start > at && text[start - 1] === '$') {
      result += context.place.argumentsAllowed
        ? text.slice(at, start + 2)
        : `${text.slice(at, start - 1)}\${`;
      at = start + 2;
      continue;
    }
    const end = text.indexOf('}', start);
    if (end === -1) {
      fail(
        node,
        context,
        'A placeholder has no closing brace.',
        'Close it with }, or write $${ for a literal ${.',
      );
      return text;
    }
    const inserted = insertedText(text.slice(start + 2, end), node, context);
    result += text.slice(at, start);
    if (inserted === undefined) result += text.slice(start, end + 1);
    else result += guard(inserted, text.slice(end + 1), node, context);
    at = end + 1;
  }
  return result + text.slice(at);
}

/** Keeps an inserted value from being read as a placeholder when arguments are rendered later. */
function guard(inserted: string, rest: string, node: Node, context: PlacedContext): string {
  if (!context.place.argumentsAllowed) return inserted;
  const escaped = inserted.replaceAll('${', () => '$${');
  if (!inserted.endsWith('$')) return escaped;
  if (rest.startsWith('{')) return `${escaped}$`;
  if (rest.startsWith('${')) {
    fail(
      node,
      context,
      'An inserted value ends in $ right before a placeholder.',
      'Put a character between them.',
    );
  }
  return escaped;
}

/** The text that replaces `${body}`; undefined leaves it as it stands. */
function insertedText(body: string, node: Node, context: PlacedContext): string | undefined {
  if (body === 'args' || /^args[.[|]/.test(body)) return checkArgument(body, node, context);
  if (body.startsWith('file:')) return fileValue(body.slice('file:'.length), node, context);
  if (body.startsWith('secret:')) return secretValue(body.slice('secret:'.length), node, context);
  const match = ENVIRONMENT.exec(body);
  if (match?.[1] === undefined) {
    fail(
      node,
      context,
      `\${${body}} is no known placeholder.`,
      'Write ${NAME}, ${NAME:-default}, ${NAME:?message}, ${file:/path}, ${secret:name}, or $${ for a literal ${.',
    );
    return undefined;
  }
  return environmentValue({ name: match[1], operator: match[2], text: match[3] ?? '' }, node, context);
}

function checkArgument(body: string, node: Node, context: PlacedContext): undefined {
  if (!context.place.argumentsAllowed) {
    fail(node, context, `\${${body}} has no arguments to take here.`, 'Use an environment variable.');
  } else if (!ARGUMENT_PATH.test(body)) {
    fail(
      node,
      context,
      `\${${body}} is no argument path.`,
      'Write ${args.name}, ${args.a.b[0]} or ${args.name|path}.',
    );
  }
  return undefined;
}

function environmentValue(
  variable: { readonly name: string; readonly operator: string | undefined; readonly text: string },
  node: Node,
  context: PlacedContext,
): string | undefined {
  const { name, operator, text } = variable;
  const refusal = refusalOf(name, context);
  if (refusal !== undefined) {
    context.report.error({ rule: 'substitution', node, ...refusal });
    return undefined;
  }
  const value = context.settings.env[name];
  const given = value !== undefined && (operator === undefined || value !== '');
  if (given) return keepSecret(value, context);
  if (operator === '-') return text;
  if (!context.settings.resolve) return leave(context);
  const message = operator === '?' && text !== '' ? `: ${text}` : '';
  fail(
    node,
    context,
    `The environment variable ${name} is not set${message}.`,
    `Set ${name}, or write \${${name}:-default}.`,
  );
  return undefined;
}

function refusalOf(
  name: string,
  { settings, place }: PlacedContext,
): { message: string; fix: string } | undefined {
  const store = place.storeVariables && settings.trusted && STORE_NAMES.has(name);
  if (!store && (FORBIDDEN_NAMES.has(name) || FORBIDDEN_PATTERN.test(name))) {
    return {
      message: `The environment variable ${name} may not be used in definitions here.`,
      fix: 'Give the value under another name.',
    };
  }
  if (settings.deny.includes(name)) {
    return {
      message: `The environment variable ${name} is denied by env.deny.`,
      fix: 'Remove it from env.deny.',
    };
  }
  if (settings.allow.length > 0 && !settings.allow.includes(name)) {
    return {
      message: `The environment variable ${name} is not in env.allow.`,
      fix: `Add ${name} to env.allow.`,
    };
  }
  if (!settings.trusted && !settings.envAllow.includes(name)) {
    return {
      message: `The environment variable ${name} is not open to untrusted definitions.`,
      fix: `An operator may add ${name} to QUAYSIDE_ENV_ALLOW.`,
    };
  }
  return undefined;
}

function secretValue(reference: string, node: Node, context: PlacedContext): string | undefined {
  const found = lookUpSecret(reference, context.settings);
  if (found === 'later') return leave(context);
  if ('value' in found) context.secretValues.add(found.value);
  else fail(node, context, found.message, found.fix);
  return 'value' in found ? found.value : undefined;
}

function fileValue(path: string, node: Node, context: PlacedContext): string | undefined {
  if (!context.settings.trusted) {
    context.report.error({
      rule: 'untrusted',
      node,
      message: '${file:...} is refused in untrusted definitions.',
      fix: 'Use an environment variable that QUAYSIDE_ENV_ALLOW names.',
    });
    return undefined;
  }
  if (!context.settings.resolve) return leave(context);
  const absolute = resolve(context.settings.baseDirectory, path);
  try {
    const bytes = readFileSync(absolute);
    if (bytes.length > FILE_BYTES_MAX) {
      fail(
        node,
        context,
        `The file ${path} is larger than ${FILE_BYTES_MAX} bytes.`,
        'Name the file of the secret.',
      );
      return undefined;
    }
    context.files.add(absolute);
    return keepSecret(bytes.toString('utf8').trim(), context);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    fail(
      node,
      context,
      `The file ${path} cannot be read (${code}).`,
      'Check that it exists and may be read.',
    );
    return undefined;
  }
}

function leave(context: Context): undefined {
  context.unresolved.count += 1;
}

function keepSecret(value: string, context: Context): string {
  if (value.length >= SECRET_LENGTH_MIN) context.secretValues.add(value);
  return value;
}

function fail(node: Node, context: Context, message: string, fix: string): void {
  context.report.error({ rule: 'substitution', node, message, fix });
}

// The URL of a handler: scheme, host and port fixed when it is prepared, path and query written per call.
import { EgressError } from '../../egress/egress-error.ts';
import { parseTarget, type Target } from '../../egress/target.ts';
import { compilePath, type PathRenderer } from './path-template.ts';
import { compileUrlQuery, type QueryItem } from './query-template.ts';
import { configError, type Template, type TemplateScope } from './template.ts';

export interface UrlTemplate {
  /** Literal scheme, host and port. */
  readonly target: Target;
  readonly renderPath: PathRenderer;
  readonly query: readonly QueryItem[];
}

/** Throws HandlerError HANDLER_CONFIG_ERROR; arguments may stand in path and query only. */
export function compileUrl(text: string, scope: TemplateScope): UrlTemplate {
  const template = scope.parse(text.trim(), 'url');
  const [first = ''] = template;
  const authority = typeof first === 'string' ? AUTHORITY.exec(first)?.[0] : undefined;
  if (authority === undefined || typeof first !== 'string') {
    throw configError('url', 'does not start with http:// or https:// and a host', 'write both out');
  }
  if (authority.length === first.length && template.length > 1) {
    throw configError(
      'url',
      'takes its host or port from arguments',
      'write them out and end them with a slash',
    );
  }
  const rest = [first.slice(authority.length), ...template.slice(1)].filter((part) => part !== '');
  const [beforeFragment, fragment] = splitAt(rest, '#');
  if (fragment.some((part) => typeof part !== 'string')) {
    throw configError('url', 'has an argument after "#", which is never sent', 'move it before the "#"');
  }
  const [path, query] = splitAt(beforeFragment, '?');
  const pathStart = path[0] ?? '/';
  if (typeof pathStart !== 'string' || !pathStart.startsWith('/')) {
    throw configError('url', 'has a path that does not start with "/"', 'correct what follows the host');
  }
  return {
    target: parseOrigin(authority),
    renderPath: compilePath(path.length === 0 ? ['/'] : path),
    query: compileUrlQuery(query),
  };
}

const AUTHORITY = /^https?:\/\/[^/?#\\]+/i;

function parseOrigin(authority: string): Target {
  try {
    return parseTarget(authority);
  } catch (error) {
    if (error instanceof EgressError)
      throw configError('url', `cannot be used: ${error.message}`, 'correct the host');
    throw error;
  }
}

/** Splits at the first `mark` in literal text. */
function splitAt(template: Template, mark: string): readonly [Template, Template] {
  for (const [index, part] of template.entries()) {
    const at = typeof part === 'string' ? part.indexOf(mark) : -1;
    if (typeof part !== 'string' || at === -1) continue;
    const before = [...template.slice(0, index), part.slice(0, at)];
    const after = [part.slice(at + 1), ...template.slice(index + 1)];
    return [before.filter(isNotEmpty), after.filter(isNotEmpty)];
  }
  return [template, []];
}

function isNotEmpty(part: Template[number]): boolean {
  return part !== '';
}

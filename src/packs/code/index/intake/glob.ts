// Shell globs as gitignore and ripgrep understand them, run by the linear engine: a repository chooses its own
// ignore patterns, so they are as hostile as any query.

import { LazyDfa } from '../regex/lazy-dfa.ts';
import { parseRegex } from '../regex/regex-parser.ts';
import { compileRegex } from '../regex/regex-program.ts';

/** Tells whether a path, relative and with `/`, matches. */
export type PathTest = (path: string) => boolean;

const META = /[*?[\]{}\\]/;

/**
 * Compiles a glob that must match a whole path: `*` and `?` stop at `/`, `**` as a whole component does not,
 * `[a-z]` and `[!a-z]` are classes, `{a,b}` alternatives, `\` takes the next character as it is.
 * @throws TextIndexError when it cannot be compiled.
 */
export function compileGlob(glob: string): PathTest {
  const literal = compileLiteralGlob(glob);
  if (literal !== undefined) return literal;
  const { node } = parseRegex(`\\A(?:${globToRegex(glob)})\\z`, { ignoreCase: false });
  const dfa = new LazyDfa(compileRegex(node, { multiline: true }));
  return (path) => {
    const bytes = Buffer.from(path);
    dfa.reset();
    dfa.scan(bytes, 0, bytes.length);
    if (dfa.outcome() === 'none') dfa.finish();
    return dfa.outcome() === 'match';
  };
}

/** As {@link compileGlob}, but a glob without a slash is about the name of a file, wherever it lies. */
export function compileNameGlob(glob: string): PathTest {
  return compileGlob(glob.includes('/') ? glob.replace(/^\//, '') : `**/${glob}`);
}

// Nearly all patterns in the wild are a name, a path, or **/*.suffix; these need no automaton.
function compileLiteralGlob(glob: string): PathTest | undefined {
  if (!META.test(glob)) return (path) => path === glob;
  const rest = glob.startsWith('**/') ? glob.slice(3) : undefined;
  if (rest === undefined) return undefined;
  if (!META.test(rest)) return (path) => path === rest || path.endsWith(`/${rest}`);
  const suffix = rest.startsWith('*') ? rest.slice(1) : undefined;
  if (suffix === undefined || META.test(suffix) || suffix.includes('/')) return undefined;
  return (path) => path.endsWith(suffix);
}

/** The pattern, in the dialect of the regex parser, that matches what the glob matches. */
export function globToRegex(glob: string): string {
  let regex = '';
  let depth = 0;
  for (let i = 0; i < glob.length; i++) {
    const character = glob[i] ?? '';
    const before = i === 0 || glob[i - 1] === '/';
    if (before && glob.startsWith('**/', i)) {
      regex += '(?:(?s:.)*/)?';
      i += 2;
    } else if (before && glob.slice(i) === '**') {
      regex += i === 0 ? '(?s:.)*' : '(?s:.)+';
      i += 1;
    } else if (character === '*') {
      while (glob[i + 1] === '*') i++;
      regex += '[^/]*';
    } else if (character === '?') regex += '[^/]';
    else if (character === '[') {
      const end = classEnd(glob, i);
      regex += end < 0 ? '\\[' : classToRegex(glob.slice(i + 1, end));
      if (end >= 0) i = end;
    } else if (character === '{') {
      depth++;
      regex += '(?:';
    } else if (character === '}' && depth > 0) {
      depth--;
      regex += ')';
    } else if (character === ',' && depth > 0) regex += '|';
    else if (character === '\\' && i + 1 < glob.length) regex += quote(glob[++i] ?? '');
    else regex += quote(character);
  }
  return regex + ')'.repeat(depth);
}

function quote(character: string): string {
  return /[\w/\s-]/.test(character) || character > '\x7f' ? character : `\\${character}`;
}

// A ] right after the opening (or its negation) is a member.
function classEnd(glob: string, open: number): number {
  const first = glob[open + 1] === '!' || glob[open + 1] === '^' ? open + 2 : open + 1;
  return glob.indexOf(']', first + 1);
}

function classToRegex(body: string): string {
  const negated = body.startsWith('!') || body.startsWith('^');
  const members = (negated ? body.slice(1) : body).replace(/[\\[\]^&~]/g, '\\$&');
  return negated ? `[^/${members}]` : `[${members}]`;
}

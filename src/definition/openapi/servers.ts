// Where an API is: the base URL of its operations.
import { entriesOf, listOf, memberOf, textOf } from './json-value.ts';

/** The base URL without a slash at its end, or why there is none, as a sentence. */
export type BaseUrl = { readonly url: string } | { readonly problem: string };

/** That of the whole description; `origin` is where it was read from, which relative servers are relative to. */
export function baseUrlOf(root: unknown, origin: string): BaseUrl {
  if (memberOf(root, 'swagger') !== undefined) return swaggerUrl(root, origin);
  const [server] = listOf(root, 'servers');
  return server === undefined ? toBaseUrl('/', origin) : serverUrl(server, origin);
}

/** That of one Server Object, its variables at their defaults. */
export function serverUrl(server: unknown, origin: string): BaseUrl {
  const variables = new Map(entriesOf(server, 'variables'));
  const text = (textOf(server, 'url') ?? '/').replaceAll(
    /\{([^{}]*)\}/g,
    (whole, name: string) => textOf(variables.get(name), 'default') ?? whole,
  );
  return toBaseUrl(text, origin);
}

function swaggerUrl(root: unknown, origin: string): BaseUrl {
  const host = textOf(root, 'host');
  const path = textOf(root, 'basePath') ?? '/';
  if (host === undefined) return toBaseUrl(path, origin);
  const schemes = listOf(root, 'schemes');
  const scheme = schemes.includes('https') || schemes.length === 0 ? 'https' : 'http';
  return toBaseUrl(`${scheme}://${host}${path}`, origin);
}

function toBaseUrl(text: string, origin: string): BaseUrl {
  const isRelative = !URL.canParse(text);
  if (isRelative && !origin.startsWith('http')) {
    return { problem: `The server ${JSON.stringify(text)} is relative to a file; give the base URL.` };
  }
  const url = URL.parse(text, origin);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    return {
      problem: `The server ${JSON.stringify(text)} is no plain http or https address; give the base URL.`,
    };
  }
  if (/[{}]|%7B|%7D/i.test(url.host + url.pathname)) {
    return {
      problem: `The server ${JSON.stringify(text)} has a variable without a default; give the base URL.`,
    };
  }
  return { url: `${url.origin}${url.pathname.replace(/\/+$/, '')}` };
}

// The target of a request in the one form that everything behind it knows.
import type { IncomingMessage } from 'node:http';

const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)(.*)$/i;

/**
 * Path and query of a request. Absolute form, which a server has to accept (RFC 9112 §3.2.2), is changed into origin
 * form on the request itself, and its authority takes the place of the Host header, so that the host stage judges the
 * one that counts.
 */
export function originForm(request: IncomingMessage): string {
  const { url = '/' } = request;
  if (url.charCodeAt(0) === SLASH) return url;
  const [, authority, rest] = ABSOLUTE_FORM.exec(url) ?? [];
  if (authority === undefined || rest === undefined) return url;
  request.headers.host = authority;
  request.url = rest.startsWith('/') ? rest : `/${rest}`;
  return request.url;
}

const SLASH = 0x2f;

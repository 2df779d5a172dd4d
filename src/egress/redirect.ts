// What a redirect makes of a request (Fetch standard §4.4, stricter where credentials are concerned).
import { EgressError } from './egress-error.ts';
import type { HeaderFields } from './header-fields.ts';

export const EGRESS_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
export type EgressMethod = (typeof EGRESS_METHODS)[number];

/** The part of a request that a redirect can change. */
export interface Hop {
  readonly url: string;
  readonly method: EgressMethod;
  readonly headers: HeaderFields;
  readonly body: string | Uint8Array | undefined;
}

const REDIRECT_STATUSES: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** All that crosses to another origin: any other field, of whatever name, may be a credential. */
const HARMLESS_FIELDS: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'content-type',
  'user-agent',
]);

/** Whether a response asks to be followed. */
export function isRedirect(status: number, location: string | undefined): location is string {
  return location !== undefined && REDIRECT_STATUSES.has(status);
}

/** The request that follows `hop`. Throws EgressError `redirect` where following would be unsafe. */
export function followRedirect(hop: Hop, from: URL, status: number, location: string): Hop {
  // Header values arrive as latin1 text; servers that send raw UTF-8 mean the characters.
  const to = URL.parse(Buffer.from(location, 'latin1').toString('utf8'), from.href);
  if (to === null) throw new EgressError('redirect', 'The redirect has an unreadable Location.');
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw new EgressError('redirect', `The redirect from ${from.host} leads from https to http.`);
  }
  const toGet = status === 303 ? hop.method !== 'HEAD' : status < 303 && hop.method === 'POST';
  const body = toGet ? undefined : hop.body;
  const sameOrigin = to.origin === from.origin;
  if (!sameOrigin && body !== undefined) {
    throw new EgressError('redirect', `The redirect from ${from.host} would send the body to ${to.host}.`);
  }
  return {
    url: to.href,
    method: toGet ? 'GET' : hop.method,
    headers: keptFields(hop.headers, sameOrigin, body !== undefined),
    body,
  };
}

function keptFields(headers: HeaderFields, sameOrigin: boolean, hasBody: boolean): HeaderFields {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (!sameOrigin && !HARMLESS_FIELDS.has(name)) continue;
    if (!hasBody && name.startsWith('content-')) continue;
    kept[name] = value;
  }
  return kept;
}

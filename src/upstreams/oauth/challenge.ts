// What an upstream answers to a request that it wants authorized (RFC 6750 §3, RFC 9728 §5.1).

/** The parameters of a Bearer challenge that matter to a client. */
export interface Challenge {
  /** Scopes that the request takes, with blanks between them. */
  readonly scope?: string;
  readonly resourceMetadata?: string;
  readonly error?: string;
}

const PARAMETER = /([A-Za-z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/g;

/** Empty where the header is absent or names another scheme. */
export function parseChallenge(header: string | undefined): Challenge {
  const start = header?.search(/\bBearer\b/i) ?? -1;
  if (header === undefined || start === -1) return {};
  const found = new Map<string, string>();
  for (const [, name = '', quoted, plain] of header.slice(start).matchAll(PARAMETER))
    if (!found.has(name)) found.set(name, quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '');
  const scope = found.get('scope');
  const resourceMetadata = found.get('resource_metadata');
  const error = found.get('error');
  return {
    ...(scope === undefined ? {} : { scope }),
    ...(resourceMetadata === undefined ? {} : { resourceMetadata }),
    ...(error === undefined ? {} : { error }),
  };
}

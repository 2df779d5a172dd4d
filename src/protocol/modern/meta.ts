// The `_meta` that every modern request carries (MCP 2026-07-28, basic: request metadata).
import { QuaysideError } from '../../errors.ts';
import type { JsonObject, LogLevel } from '../../tool.ts';
import { isObject, type RequestId } from '../messages.ts';
import { parseLogLevel, parseProgressToken } from '../progress.ts';
import { MODERN_REVISION, SERVED_REVISIONS } from '../revisions.ts';

/** Names in `_meta` that the specification reserves. */
export const META = {
  protocolVersion: 'io.modelcontextprotocol/protocolVersion',
  clientCapabilities: 'io.modelcontextprotocol/clientCapabilities',
  logLevel: 'io.modelcontextprotocol/logLevel',
  serverInfo: 'io.modelcontextprotocol/serverInfo',
  subscriptionId: 'io.modelcontextprotocol/subscriptionId',
} as const;

export interface ModernMeta {
  readonly capabilities: JsonObject;
  readonly progressToken: RequestId | undefined;
  readonly logLevel: LogLevel | undefined;
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
}

/**
 * Throws `invalid_meta` (-32602), `header_mismatch` (-32020) or `unsupported_version` (-32022), in the order
 * in which the specification lets a client tell them apart. `versionHeader` is null on transports without headers.
 */
export function parseMeta(params: JsonObject, versionHeader: string | undefined | null): ModernMeta {
  const meta = params._meta;
  if (!isObject(meta)) throw invalidMeta('_meta');
  const version = meta[META.protocolVersion];
  if (typeof version !== 'string') throw invalidMeta(META.protocolVersion);
  if (versionHeader !== null && versionHeader !== version) throw versionMismatch(versionHeader, version);
  if (version !== MODERN_REVISION) {
    throw new QuaysideError('unsupported_version', {
      data: { supported: SERVED_REVISIONS, requested: version },
    });
  }
  const capabilities = meta[META.clientCapabilities];
  if (!isObject(capabilities)) throw invalidMeta(META.clientCapabilities);
  return {
    capabilities,
    progressToken: parseProgressToken(meta.progressToken),
    logLevel: parseLogLevel(meta[META.logLevel]),
    traceparent: typeof meta.traceparent === 'string' ? meta.traceparent : undefined,
    tracestate: typeof meta.tracestate === 'string' ? meta.tracestate : undefined,
  };
}

function invalidMeta(key: string): QuaysideError {
  return new QuaysideError('invalid_meta', {
    message: `Invalid params: \`${key}\` is missing or has the wrong type.`,
    data: { field: key },
  });
}

function versionMismatch(header: string | undefined, version: string): QuaysideError {
  const message =
    header === undefined
      ? 'Header mismatch: the MCP-Protocol-Version header is required.'
      : 'Header mismatch: the MCP-Protocol-Version header differs from the version in _meta.';
  return new QuaysideError('header_mismatch', {
    message,
    data: { header: 'MCP-Protocol-Version', body: version },
  });
}

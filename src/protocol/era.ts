// Which era one message belongs to, on an endpoint that serves both (MCP 2026-07-28, versioning).
import { isObject } from './messages.ts';
import { META } from './modern/meta.ts';
import { type Era, isLegacyRevision } from './revisions.ts';

/**
 * Modern: `_meta` claims a protocol version, or the version header names one that is no legacy revision.
 * Everything else is legacy: initialize, a session, no claim at all.
 */
export function selectEra(body: unknown, versionHeader: string | string[] | undefined): Era {
  if (isObject(body) && isObject(body.params) && isObject(body.params._meta)) {
    if (body.params._meta[META.protocolVersion] !== undefined) return 'modern';
  }
  return eraOfHeader(versionHeader);
}

/** For requests whose body was not read. */
export function eraOfHeader(versionHeader: string | string[] | undefined): Era {
  return versionHeader === undefined || isLegacyRevision(versionHeader) || !isModernLooking(versionHeader)
    ? 'legacy'
    : 'modern';
}

/** A revision is a date; what sorts after the last legacy one can only be modern. */
function isModernLooking(version: string | string[]): boolean {
  return typeof version === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(version) && version > '2025-11-25';
}

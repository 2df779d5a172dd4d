// The protocol revisions served, and which of the two eras each belongs to.

/** Stateless: every request carries its own version, capabilities and identity. */
export const MODERN_REVISION = '2026-07-28';

/** Handshake and session; oldest first. */
export const LEGACY_REVISIONS = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'] as const;
/** One of the revisions with handshake and sessions. */
export type LegacyRevision = (typeof LEGACY_REVISIONS)[number];

/** Offered to a legacy client that asks for a revision we do not serve. */
export const LATEST_LEGACY_REVISION: LegacyRevision = '2025-11-25';

/** Assumed for a legacy HTTP request without a session and without a version header (2025-06-18, transports). */
export const ASSUMED_LEGACY_REVISION: LegacyRevision = '2025-03-26';

/** Everything this endpoint serves, newest first; `server/discover` and -32022 list it. */
export const SERVED_REVISIONS: readonly string[] = [MODERN_REVISION, ...[...LEGACY_REVISIONS].reverse()];

/** Which of the two ways of speaking MCP a message belongs to. */
export type Era = 'modern' | 'legacy';

/** Whether `version`, as it came from a header or a body, is a legacy revision that we serve. */
export function isLegacyRevision(version: unknown): version is LegacyRevision {
  return LEGACY_REVISIONS.some((revision) => revision === version);
}

/** JSON-RPC batches were removed with 2025-06-18. */
export function allowsBatches(version: string): boolean {
  return version < '2025-06-18';
}

/** From 2025-11-25 a stream starts with an empty event that carries an id, and may be closed and resumed. */
export function primesStreams(version: string): boolean {
  return version >= '2025-11-25';
}

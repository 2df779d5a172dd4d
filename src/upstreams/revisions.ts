// The revisions of MCP that we speak as a client.

/** Stateless: every request carries its own version and capabilities. */
export const MODERN_REVISION = '2026-07-28';
/** Asked for in `initialize`; the upstream may answer with an older one. */
export const LEGACY_REVISION = '2025-11-25';

const LEGACY_REVISIONS: readonly unknown[] = ['2024-11-05', '2025-03-26', '2025-06-18', LEGACY_REVISION];

/** Whether `version`, as an upstream answered it, is one that we can speak. */
export function isLegacyRevision(version: unknown): version is string {
  return LEGACY_REVISIONS.includes(version);
}

/** Keys of `_meta` in requests of the modern revision. */
export const META = {
  protocolVersion: 'io.modelcontextprotocol/protocolVersion',
  clientInfo: 'io.modelcontextprotocol/clientInfo',
  clientCapabilities: 'io.modelcontextprotocol/clientCapabilities',
  logLevel: 'io.modelcontextprotocol/logLevel',
} as const;

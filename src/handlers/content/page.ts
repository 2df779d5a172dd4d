// Pages of MCP Apps as resources (extension io.modelcontextprotocol/ui, 2026-01-26).
import type { Resource as ResourceDefinition } from '../../definition/schema/content.ts';
import type { ResourceUi } from '../../definition/schema/ui.ts';
import type { JsonObject } from '../../tool.ts';

/** What hosts know a page by. */
export const PAGE_MEDIA_TYPE = 'text/html;profile=mcp-app';

/** With the media type that its address asks for. */
export function asPage(definition: ResourceDefinition): ResourceDefinition {
  const isPlain = definition.mimeType !== undefined || !definition.uri.startsWith('ui://');
  return isPlain ? definition : { ...definition, mimeType: PAGE_MEDIA_TYPE };
}

/** `_meta.ui` of the page. */
export function resourceUiMeta({ csp, permissions, domain, prefersBorder }: ResourceUi): JsonObject {
  return {
    ...(csp === undefined ? {} : { csp }),
    ...(permissions.length === 0
      ? {}
      : { permissions: Object.fromEntries(permissions.map((permission) => [permission, {}])) }),
    ...(domain === undefined ? {} : { domain }),
    ...(prefersBorder === undefined ? {} : { prefersBorder }),
  };
}

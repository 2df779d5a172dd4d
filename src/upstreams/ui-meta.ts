// `_meta.ui` of an upstream (MCP Apps, extension io.modelcontextprotocol/ui): what of it is passed on.

import type { JsonObject } from '../tool.ts';
import { TEXT_LENGTH_MAX } from './bounds.ts';
import { isObject } from './json-object.ts';

/** Which page shows the results of a tool. */
export interface UpstreamToolUi {
  readonly resource: string;
  readonly visibility?: ('model' | 'app')[];
}

const WHO = ['model', 'app'] as const;
const DOMAINS = ['connectDomains', 'resourceDomains', 'frameDomains', 'baseUriDomains'] as const;
const ORIGIN = /^(?:https?|wss?):\/\/(?:\*\.)?[A-Za-z0-9.-]+(?::\d{1,5})?$/;
const PERMISSIONS = ['camera', 'microphone', 'geolocation', 'clipboardWrite'] as const;
/** Of one list; a page that needs more is none that a host would show. */
const ORIGINS_MAX = 100;

/** Of an entry of tools/list; undefined where it names no page. */
export function toolUiOf({ _meta }: JsonObject): UpstreamToolUi | undefined {
  const ui = isObject(_meta) && isObject(_meta.ui) ? _meta.ui : {};
  const { resourceUri, visibility } = ui;
  if (typeof resourceUri !== 'string' || !/^ui:\/\/\S+$/.test(resourceUri)) return undefined;
  if (resourceUri.length > TEXT_LENGTH_MAX) return undefined;
  const known = Array.isArray(visibility) ? WHO.filter((who) => visibility.includes(who)) : [];
  return { resource: resourceUri, ...(known.length === 0 ? {} : { visibility: known }) };
}

/** Of a page, in the list or with its content; undefined where it says nothing that hosts know. */
export function pageMetaOf({ _meta }: JsonObject): { readonly ui: JsonObject } | undefined {
  const ui = isObject(_meta) ? _meta.ui : undefined;
  if (!isObject(ui)) return undefined;
  const { csp, permissions, domain, prefersBorder } = ui;
  const origins = isObject(csp) ? DOMAINS.flatMap((name) => originsOf(name, csp[name])) : [];
  const asked = isObject(permissions) ? PERMISSIONS.filter((name) => isObject(permissions[name])) : [];
  return {
    ui: {
      ...(origins.length === 0 ? {} : { csp: Object.fromEntries(origins) }),
      ...(asked.length === 0 ? {} : { permissions: Object.fromEntries(asked.map((name) => [name, {}])) }),
      ...(typeof domain === 'string' ? { domain: domain.slice(0, TEXT_LENGTH_MAX) } : {}),
      ...(typeof prefersBorder === 'boolean' ? { prefersBorder } : {}),
    },
  };
}

/** What is no origin would be something else in the policy of a host. */
function originsOf(name: string, values: unknown): [string, string[]][] {
  if (!Array.isArray(values)) return [];
  const sound = values.filter((value): value is string => typeof value === 'string' && ORIGIN.test(value));
  return sound.length === 0 ? [] : [[name, sound.slice(0, ORIGINS_MAX)]];
}

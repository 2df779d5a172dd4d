// The four lists as clients see them. A page is built once per visibility and offset and then shared,
// so that codecs may keep its serialised form by identity.
import { toListedTool } from '../plan/listed-tool.ts';
import type { ServerPlan, VisibleLists } from '../plan/server-plan.ts';
import { derivedOf, type SigningSecrets } from '../secrets/signing-secrets.ts';
import type { JsonObject, PromptSpec } from '../tool.ts';
import { createCursor, PAGE_SIZE, parseCursor } from './pagination.ts';

export const PAGED_METHODS = [
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
] as const;
export type PagedMethod = (typeof PAGED_METHODS)[number];

export type ListPage = JsonObject & { readonly nextCursor?: string };

export interface Lists {
  /** Throws `invalid_cursor`. */
  page(server: ServerPlan, method: PagedMethod, visible: VisibleLists, cursor: unknown): ListPage;
}

export function createLists(secrets: SigningSecrets): Lists {
  // Pages end with a cursor: those that an old secret signed are not handed out any more.
  const pagesOf = derivedOf(() => new WeakMap<VisibleLists, Map<string, ListPage>>());
  return {
    page(server, method, visible, cursor) {
      const scope = { slug: server.slug, version: server.version, method };
      const offset = parseCursor(secrets, scope, cursor);
      const pages = pagesOf(secrets.current());
      const key = `${method} ${offset}`;
      const known = pages.get(visible) ?? new Map<string, ListPage>();
      const page = known.get(key) ?? buildPage(secrets, scope, visible, offset);
      known.set(key, page);
      pages.set(visible, known);
      return page;
    },
  };
}

const LISTINGS: Readonly<
  Record<PagedMethod, (visible: VisibleLists, from: number, to: number) => JsonObject>
> = {
  'tools/list': (visible, from, to) => ({ tools: visible.tools.slice(from, to).map(toListedTool) }),
  'prompts/list': (visible, from, to) => ({ prompts: visible.prompts.slice(from, to).map(presentPrompt) }),
  'resources/list': (visible, from, to) => ({ resources: visible.resources.slice(from, to) }),
  'resources/templates/list': (visible, from, to) => ({
    resourceTemplates: visible.resourceTemplates.slice(from, to),
  }),
};

const LENGTHS: Readonly<Record<PagedMethod, (visible: VisibleLists) => number>> = {
  'tools/list': (visible) => visible.tools.length,
  'prompts/list': (visible) => visible.prompts.length,
  'resources/list': (visible) => visible.resources.length,
  'resources/templates/list': (visible) => visible.resourceTemplates.length,
};

function buildPage(
  secrets: SigningSecrets,
  scope: { readonly slug: string; readonly version: string; readonly method: PagedMethod },
  visible: VisibleLists,
  offset: number,
): ListPage {
  const end = offset + PAGE_SIZE;
  const items = LISTINGS[scope.method](visible, offset, end);
  return end < LENGTHS[scope.method](visible)
    ? { ...items, nextCursor: createCursor(secrets, scope, end) }
    : items;
}

function presentPrompt(spec: PromptSpec): JsonObject {
  return {
    name: spec.name,
    ...(spec.title === undefined ? {} : { title: spec.title }),
    ...(spec.description === undefined ? {} : { description: spec.description }),
    arguments: spec.arguments,
  };
}

// An imported API as a definition that can be served as it is.
import { slugOf } from '../expand/root.ts';
import { RESERVED_SLUGS } from '../rules/names.ts';
import type { ImportedApi } from './api-tools.ts';
import type { JsonRecord } from './json-value.ts';
import { cut } from './schema-notes.ts';

/** Bounds of `name` and `version` of a definition. */
const NAME_MAX = 128;
const VERSION_MAX = 64;

/** Tools by name, in the order of the description. */
export function toApiDefinition({ title, version, tools }: ImportedApi): JsonRecord {
  const slug = slugOf(cut(title, NAME_MAX));
  const isUsable = slug !== '' && !/^\d+$/.test(slug) && !RESERVED_SLUGS.some((one) => one === slug);
  return {
    name: cut(title, NAME_MAX),
    version: cut(version, VERSION_MAX),
    ...(isUsable ? {} : { slug: 'imported-api' }),
    tools: Object.fromEntries(tools.map(({ name, ...tool }) => [name, tool])),
  };
}

// The `code://` resources of one server (spec code §9).
import type { Resource, ResourceTemplate } from '../../../tool.ts';
import type { Repository } from '../repositories/repositories.ts';
import { fileTemplate } from './file-resource.ts';
import type { FollowDeps } from './follow-resource.ts';
import { indexResource, projectResources, projectTemplate } from './overview-resources.ts';
import { type SearchResourceDeps, searchTemplates } from './search-resource.ts';
import { symbolTemplate } from './symbol-resource.ts';

/** Each caller reads what its tools would tell it. */
export function codeResources(
  deps: FollowDeps & SearchResourceDeps & { readonly local: readonly Repository[] },
): { readonly resources: readonly Resource[]; readonly resourceTemplates: readonly ResourceTemplate[] } {
  return {
    resources: [indexResource(deps), ...projectResources(deps, deps.local)],
    resourceTemplates: [
      fileTemplate(deps),
      symbolTemplate(deps.of),
      ...searchTemplates(deps),
      projectTemplate(deps),
    ],
  };
}

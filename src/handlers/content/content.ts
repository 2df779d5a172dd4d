// Prompts, resources and resource templates of a definition as the plan serves them (spec servers §2.3, §6).
import type { Definition } from '../../definition/schema/definition.ts';
import { sizeBytes } from '../../definition/size.ts';
import type { Prompt, Resource, ResourceTemplate } from '../../tool.ts';
import type { ContentDeps } from './content-deps.ts';
import { createFileWatcher } from './file-watcher.ts';
import { createPrompt } from './prompt.ts';
import { createResource } from './resource.ts';
import { createResourceTemplate } from './resource-template.ts';

export interface Content {
  readonly prompts: readonly Prompt[];
  readonly resources: readonly Resource[];
  readonly resourceTemplates: readonly ResourceTemplate[];
  /** Files read while preparing: a change of one reloads the definition. */
  readonly files: readonly string[];
}

/** In document order. Never throws for what an author can get wrong; that is reported. */
export async function createContent(
  definition: Pick<Definition, 'prompts' | 'resources' | 'resourceTemplates' | 'limits'>,
  deps: ContentDeps,
): Promise<Content> {
  const { report } = deps;
  const files: string[] = [];
  const parts = {
    ...deps,
    files,
    watcher: createFileWatcher(),
    maxBytes: sizeBytes(definition.limits.maxResultSize),
    resourceUris: definition.resources.map(({ uri }) => uri),
  };
  return {
    prompts: await prepareAll(definition.prompts, '/prompts', report, (prompt) =>
      createPrompt(prompt, parts),
    ),
    resources: await prepareAll(definition.resources, '/resources', report, (one) =>
      createResource(one, parts),
    ),
    resourceTemplates: await prepareAll(
      definition.resourceTemplates,
      '/resourceTemplates',
      report,
      (template) => createResourceTemplate(template, parts),
    ),
    files,
  };
}

async function prepareAll<Source, Item>(
  sources: readonly Source[],
  pointer: string,
  report: ContentDeps['report'],
  prepare: (source: Source) => Item | Promise<Item>,
): Promise<readonly Item[]> {
  const items = await Promise.all(
    sources.map(async (source, index) => {
      try {
        return await prepare(source);
      } catch (error) {
        report(`${pointer}/${index}`, error);
        return undefined;
      }
    }),
  );
  return items.filter((item) => item !== undefined);
}

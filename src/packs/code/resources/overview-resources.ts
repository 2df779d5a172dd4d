// code://index and code://project/{repository}: what is indexed, how large it is, and whether it is ready.
import { parseUriTemplate } from '../../../handlers/content/uri-template.ts';
import type { Call, Resource, ResourceTemplate } from '../../../tool.ts';
import { CodeRefusal } from '../code-tool.ts';
import type { Repositories, Repository } from '../repositories/repositories.ts';
import { describe } from '../tools/list-tool.ts';
import { statsOf } from '../tools/repository-tools.ts';
import { completeNames } from './complete.ts';
import { type FollowDeps, followResource } from './follow-resource.ts';
import { jsonContent, reading, variable } from './resource-answer.ts';

const INDEX_URI = 'code://index';
const PROJECT_URI = 'code://project/{repository}';
const template = parseUriTemplate(PROJECT_URI);
const JSON_TYPE = 'application/json';

/** All repositories that the caller sees. */
export function indexResource(deps: FollowDeps): Resource {
  return {
    spec: Object.freeze({
      uri: INDEX_URI,
      name: 'code-index',
      title: 'Code index',
      description: 'The repositories that can be searched, and whether each is ready.',
      mimeType: JSON_TYPE,
    }),
    read: reading(async ({ principal }) => {
      const repositories = await Promise.all(
        deps.of({ principal }).all.map((one) => describe(one, { withStats: true })),
      );
      const isReady = repositories.every(({ readiness }) => readiness.ready);
      return jsonContent(INDEX_URI, { status: isReady ? 'ready' : 'not_ready', repositories });
    }),
    watch: (changed, { principal }) =>
      followResource(deps, { principal, stateOf: ({ all }) => statesOf(all) }, changed),
  };
}

/** One resource for each repository of the definition; those that callers add are found by the template. */
export function projectResources(deps: FollowDeps, local: readonly Repository[]): readonly Resource[] {
  return local.map(({ id, name }) => {
    const isUnique = local.filter((one) => one.name === name).length === 1;
    const selector = isUnique ? name : id;
    return {
      spec: Object.freeze({
        uri: `code://project/${encodeURIComponent(selector)}`,
        name: `code-project-${name}`,
        title: name,
        description: `What is indexed of ${name}.`,
        mimeType: JSON_TYPE,
      }),
      ...projectItem(deps, () => selector),
    };
  });
}

/** Any repository by its name or id. */
export function projectTemplate(deps: FollowDeps): ResourceTemplate {
  return {
    spec: Object.freeze({
      uriTemplate: PROJECT_URI,
      name: 'code-project',
      title: 'Repository',
      description: 'Files, sizes, languages and readiness of a repository.',
      mimeType: JSON_TYPE,
    }),
    match: template.match,
    ...projectItem(deps, ({ uri }) => variable(template.match(uri) ?? {}, 'repository') ?? ''),
    complete: (name, value, _context, by) => completeNames(deps.of(by), name, value),
  };
}

interface Addressed extends Pick<Call, 'principal'> {
  readonly uri: string;
}

function projectItem(deps: FollowDeps, selectorOf: (addressed: Pick<Addressed, 'uri'>) => string) {
  const chosen = async (repositories: Repositories, uri: string) => {
    const [repository] = await repositories.select(selectorOf({ uri }));
    if (repository === undefined) throw new CodeRefusal('unknown_file', 'There is no such repository.');
    return repository;
  };
  return {
    read: reading(async ({ args, principal }: Call) => {
      const repository = await chosen(deps.of({ principal }), String(args.uri));
      const described = await describe(repository, { withStats: false });
      const isBuilt = ((await repository.index.status()).record?.generation ?? 0) > 0;
      const stats = isBuilt ? await statsOf(repository, true) : {};
      return jsonContent(args.uri, { ...described, ...stats });
    }),
    watch: (
      changed: () => void,
      { principal, uri = '' }: Pick<Call, 'principal'> & { readonly uri?: string },
    ) =>
      followResource(
        deps,
        { principal, stateOf: async (repositories) => statesOf([await chosen(repositories, uri)]) },
        changed,
      ),
  };
}

async function statesOf(repositories: readonly Repository[]): Promise<string> {
  const states = await Promise.all(
    repositories.map(async ({ id, index }) => {
      const { state, record } = await index.status();
      return [id, state, record?.generation, record?.commit];
    }),
  );
  return JSON.stringify(states);
}

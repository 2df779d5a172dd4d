// What a caller says of a repository that is there already: kept in its row, and shown wherever it is described.
import type { Clock } from '../../../clock.ts';
import type { Actor } from '../../../gate/actor.ts';
import type { JsonObject } from '../../../tool.ts';
import { CodeRefusal } from '../code-tool.ts';
import { languageId } from './added-commands.ts';
import { ADDED_TYPES, type AddedRepositories, type AddedType, DAY_MS } from './added-repositories.ts';
import type { RepositoryDescription, RepositoryRow } from './added-statements.ts';
import type { Repository } from './repositories.ts';

/** What describing works with. */
export interface DescribeDeps {
  readonly added: AddedRepositories;
  readonly clock: Clock;
}

/**
 * What keeps `metadata` with a repository, and answers what is known of it then; undefined where nothing is said.
 * @throws CodeRefusal for what cannot be true of it.
 */
export function describing(
  { id, name, added: row }: Repository,
  metadata: unknown,
  { added, clock }: DescribeDeps,
): ((actor: Actor) => Promise<JsonObject>) | undefined {
  const said = saidOf(metadata);
  if (said === undefined) return undefined;
  if (row === undefined) {
    demandNothingNew(name, said);
    return () => Promise.resolve({ type: 'local', temporary: false });
  }
  const wish = wishOf(name, said);
  return async (actor) => {
    const { days, ...rest } = wish;
    const cleanupAfter = days === undefined ? {} : { cleanup_after: clock.now() + days * DAY_MS };
    const kept = await added.describe(actor, id, { ...rest, ...cleanupAfter });
    if (kept === undefined) throw new CodeRefusal('unknown_repository', `${name} was removed meanwhile.`);
    return shown(kept);
  };
}

function saidOf(metadata: unknown): JsonObject | undefined {
  if (typeof metadata !== 'object' || metadata === null) return undefined;
  const said = Object.entries(metadata).filter(([, value]) => value !== undefined);
  return said.length === 0 ? undefined : Object.fromEntries(said);
}

/** Every tenant that is served by the definition sees its folders: no caller says what they are. */
function demandNothingNew(name: string, { type = 'local', temporary = false, ...rest }: JsonObject): void {
  const [other] = Object.keys(rest);
  if (type === 'local' && temporary === false && other === undefined) return;
  const key = type !== 'local' ? 'type' : temporary !== false ? 'temporary' : other;
  throw new CodeRefusal(
    'invalid_arguments',
    `repository_metadata.${key}: ${name} is a folder of the definition, and stays what it is; leave it out, or add a repository of your own with add_reference_repository.`,
  );
}

/** A life in days besides what the row holds as it is. */
function wishOf(name: string, said: JsonObject): Partial<RepositoryDescription> & { readonly days?: number } {
  const { type, temporary } = said;
  if (type === 'local' || temporary === false)
    throw new CodeRefusal(
      'invalid_arguments',
      `repository_metadata.${type === 'local' ? 'type' : 'temporary'}: ${name} was added for a time; only folders of the definition stay.`,
    );
  const given = (key: string) => (typeof said[key] === 'string' ? { [key]: said[key] } : {});
  return {
    ...(isAddedType(type) ? { type } : {}),
    ...(typeof said.language === 'string' ? { language: languageId(said.language) } : {}),
    ...given('purpose'),
    ...given('project'),
    ...given('description'),
    ...(typeof said.days_to_keep === 'number' ? { days: said.days_to_keep } : {}),
  };
}

function isAddedType(type: unknown): type is AddedType {
  return ADDED_TYPES.some((one) => one === type);
}

function shown({ type, language, purpose, project, description, cleanup_after }: RepositoryRow): JsonObject {
  const until = new Date(cleanup_after).toISOString();
  return { type, language, purpose, temporary: true, cleanup_after: until, project, description };
}

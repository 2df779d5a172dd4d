// `${secret:...}` of definitions: each secret is read once per load, however often it is named.
import {
  parseSecretReference,
  type ResolveSecrets,
  type SecretOutcome,
  type SecretReference,
} from '../definition/secret-reference.ts';
import { type ManagedSecret, ManagerError, type ReadManaged } from './managers/manager.ts';

/** Where references lead. */
export interface SecretSources {
  /** The secret of the store by name; undefined when there is none. */
  readonly store: (name: string) => Promise<string | undefined>;
  readonly aws: ReadManaged;
  readonly vault: ReadManaged;
}

/** A definition that names more of them than this names them by mistake. */
const REFERENCES_MAX = 1000;

/** Resolves all references at once. What a manager refuses is an outcome; what is broken in the store rejects. */
export function createSecretResolver(sources: SecretSources): ResolveSecrets {
  return async (references) => {
    const managed = new Map<string, Promise<ManagedSecret>>();
    const entries = [...references].map(async (text, index): Promise<[string, SecretOutcome]> => {
      if (index >= REFERENCES_MAX) {
        return [text, { problem: 'is one too many.', fix: `Name at most ${REFERENCES_MAX} secrets.` }];
      }
      return [text, await outcomeOf(parseSecretReference(text), sources, managed)];
    });
    return new Map(await Promise.all(entries));
  };
}

async function outcomeOf(
  reference: SecretReference,
  sources: SecretSources,
  managed: Map<string, Promise<ManagedSecret>>,
): Promise<SecretOutcome> {
  if (reference.manager === 'store') {
    const value = await sources.store(reference.name);
    if (value !== undefined) return { value };
    return { problem: 'is not in the secret store.', fix: `Run quayside secrets set ${reference.name}.` };
  }
  const { manager, path, key } = reference;
  const id = `${manager}:${path}`;
  const reading = managed.get(id) ?? sources[manager](path);
  managed.set(id, reading);
  try {
    return fieldOf(await reading, key);
  } catch (error) {
    if (error instanceof ManagerError) return { problem: error.message, fix: error.fix };
    throw error;
  }
}

function fieldOf(secret: ManagedSecret, key: string | undefined): SecretOutcome {
  if (key === undefined) return { value: typeof secret === 'string' ? secret : JSON.stringify(secret) };
  if (typeof secret === 'string') return { problem: 'is a text without fields.', fix: `Leave out #${key}.` };
  const value = Object.hasOwn(secret, key) ? secret[key] : undefined;
  if (typeof value === 'string') return { value };
  if (typeof value === 'number' || typeof value === 'boolean') return { value: String(value) };
  return { problem: `has no field ${JSON.stringify(key)}.`, fix: 'Check the name behind #.' };
}

// What `${secret:...}` may name: a secret of the store, or one of a manager outside (spec governance §9).

/** What a reference stands for; a problem continues the sentence that the reference begins. */
export type SecretOutcome = { readonly value: string } | { readonly problem: string; readonly fix: string };

/** Resolves references as `name`, `aws:path#key`, `vault:path#key`; answers for each of them. */
export type ResolveSecrets = (references: ReadonlySet<string>) => Promise<ReadonlyMap<string, SecretOutcome>>;

/** `later`: not known yet; the definition is read again once it is. */
export type SecretOutcomes = (reference: string) => SecretOutcome | 'later';

/** A reference of the two kinds. `key` names a field of a JSON object; absent, the whole value counts. */
export type SecretReference =
  | { readonly manager: 'store'; readonly name: string }
  | { readonly manager: 'aws' | 'vault'; readonly path: string; readonly key?: string };

/** Longer names are mistakes. */
const NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,127}$/;
/** Names, paths and ARNs; no dots alone, which a URL would fold away. */
const PATH = /^(?!.*(?:^|\/)\.{1,2}(?:\/|$))[\w+=.@:-]+(?:\/[\w+=.@:-]+)*$/;
const PATH_LENGTH_MAX = 512;

/** Why a secret may not have this name, or undefined. */
export function secretNameProblem(name: string): string | undefined {
  return NAME.test(name)
    ? undefined
    : 'is no name of a secret: a letter, then at most 127 letters, digits, dots, hyphens or underscores';
}

/** Why the reference cannot be read, or undefined. */
function secretReferenceProblem(reference: string): string | undefined {
  const manager = managerOf(reference);
  if (manager === undefined) return secretNameProblem(reference);
  const { path } = splitReference(reference, manager);
  if (path.length > PATH_LENGTH_MAX || !PATH.test(path)) return 'has no path that a manager could know';
  return manager === 'vault' && !path.includes('/') ? 'lacks the mount in front of its path' : undefined;
}

/** The parts of a reference that {@link secretReferenceProblem} found none in. */
export function parseSecretReference(reference: string): SecretReference {
  const manager = managerOf(reference);
  if (manager === undefined) return { manager: 'store', name: reference };
  return { manager, ...splitReference(reference, manager) };
}

/** What may be said of a reference where it stands. */
type LookedUp = 'later' | { readonly value: string } | { readonly message: string; readonly fix: string };

/** The value of a reference, or why there is none, under the rules that placeholders are replaced by. */
export function lookUpSecret(
  reference: string,
  rules: {
    readonly trusted: boolean;
    /** Holds `secret:<reference>` for what untrusted authors may name. */
    readonly envAllow: readonly string[];
    readonly resolve: boolean;
    readonly secrets?: SecretOutcomes;
  },
): LookedUp {
  const place = `\${secret:${reference}}`;
  const problem = secretReferenceProblem(reference);
  if (problem !== undefined) {
    const fix = 'Write ${secret:name}, ${secret:aws:path#key} or ${secret:vault:mount/path#key}.';
    return { message: `${place} ${problem}.`, fix };
  }
  if (!rules.trusted && !rules.envAllow.includes(`secret:${reference}`)) {
    const fix = `An operator may add secret:${reference} to QUAYSIDE_ENV_ALLOW.`;
    return { message: `${place} is not open to untrusted definitions.`, fix };
  }
  const outcome = rules.resolve ? (rules.secrets?.(reference) ?? 'later') : 'later';
  return outcome === 'later' || 'value' in outcome
    ? outcome
    : { message: `${place} ${outcome.problem}`, fix: outcome.fix };
}

function managerOf(reference: string): 'aws' | 'vault' | undefined {
  return reference.startsWith('aws:') ? 'aws' : reference.startsWith('vault:') ? 'vault' : undefined;
}

function splitReference(reference: string, manager: string): { path: string; key?: string } {
  const rest = reference.slice(manager.length + 1);
  const at = rest.indexOf('#');
  return at === -1 ? { path: rest } : { path: rest.slice(0, at), key: rest.slice(at + 1) };
}

// One definition from its tree: expanded, checked, substituted, judged by every rule.
import { check } from './check.ts';
import { withApiTools } from './expand/openapi.ts';
import { environmentNames } from './expand/overlay.ts';
import { expandDefinition } from './expand/root.ts';
import { reportNotYet } from './not-yet.ts';
import { createReport, type Report } from './report.ts';
import { createSound } from './rules/rule-context.ts';
import { definitionRules } from './rules/rules.ts';
import { Definition } from './schema/definition.ts';
import { literalSecrets } from './secret-places.ts';
import type { SecretOutcomes } from './secret-reference.ts';
import { appendPointer, type Json, memberOf, type Node, type ObjectNode, textOf } from './source/node.ts';
import type { Source } from './source/source.ts';
import { createSubstitution } from './substitute.ts';

export interface PrepareSettings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly environment: string;
  readonly purpose: 'serve' | 'validate';
  readonly trusted: boolean;
  readonly envAllow: readonly string[];
  readonly baseDirectory: string;
  readonly secrets?: SecretOutcomes;
}

/** A definition on its way; usable only when its report holds no error. */
export interface Prepared {
  readonly definition: Definition;
  /** The canonical tree behind `definition`; keys that the author left out are absent. */
  readonly root: Node;
  readonly source: Source;
  readonly report: Report;
  readonly secretValues: readonly string[];
  readonly files: ReadonlySet<string>;
  sound(pointer: string): boolean;
}

/** Finds everything that is wrong with one definition, in every environment that it distinguishes. */
export function prepareDefinition(node: ObjectNode, source: Source, settings: PrepareSettings): Prepared {
  const report = createReport(source);
  const prepared = prepareIn(node, source, { ...settings, report, resolve: true });
  for (const name of environmentNames(node)) {
    if (name === settings.environment) continue;
    const other = createReport(source);
    prepareIn(node, source, { ...settings, environment: name, report: other, resolve: false });
    // What is wrong in every environment was reported already; what the overlay brings has its place there.
    const place = appendPointer('/environments', name);
    report.add(other.problems.filter(({ pointer }) => `${pointer}/`.includes(`${place}/`)));
  }
  if (report.problems.some(({ severity }) => severity === 'error')) return prepared;
  return omit(prepared, reportNotYet(prepared.root, settings.purpose, report), settings.purpose);
}

function prepareIn(
  node: ObjectNode,
  source: Source,
  settings: PrepareSettings & { readonly report: Report; readonly resolve: boolean },
): Prepared {
  const { report, environment, trusted, baseDirectory } = settings;
  const files = new Set<string>();
  const expanded = expandDefinition(node, { report, environment });
  const root = trusted ? withApiTools(expanded, { report, baseDirectory, files }) : expanded;
  const env = memberOf(root, 'env');
  const substitution = createSubstitution(
    { ...settings, allow: textsOf(memberOf(env, 'allow')), deny: textsOf(memberOf(env, 'deny')) },
    report,
  );
  const { value, unsound } = check(Definition, root, { report, substitution, trusted });
  const definition = parseDefinition(value);
  const sound = createSound(unsound);
  const production = environment === 'production';
  for (const rule of definitionRules)
    rule({ definition, root, report, text: source.text, sound, baseDirectory, production, files });
  for (const file of substitution.files) files.add(file);
  const literals = sound('') ? literalSecrets(definition) : [];
  const secretValues = new Set([
    ...substitution.secretValues,
    ...writtenSecrets(definition, sound),
    ...literals,
  ]);
  return { definition, root, source, report, secretValues: [...secretValues], files, sound };
}

/** Leaves out list entries that cannot run in this version. */
function omit(prepared: Prepared, omitted: ReadonlySet<string>, purpose: 'serve' | 'validate'): Prepared {
  if (purpose === 'validate' || omitted.size === 0 || prepared.root.kind !== 'object') return prepared;
  const { definition } = prepared;
  const stays = (list: string) => (_: unknown, index: number) => !omitted.has(`/${list}/${index}`);
  const members = new Map(prepared.root.members);
  for (const list of ['tools', 'prompts', 'resources', 'resourceTemplates']) {
    const items = members.get(list);
    if (items?.kind === 'array') members.set(list, { ...items, items: items.items.filter(stays(list)) });
  }
  return {
    ...prepared,
    root: { ...prepared.root, members },
    definition: {
      ...definition,
      tools: definition.tools.filter(stays('tools')),
      prompts: definition.prompts.filter(stays('prompts')),
      resources: definition.resources.filter(stays('resources')),
      resourceTemplates: definition.resourceTemplates.filter(stays('resourceTemplates')),
    },
  };
}

/** Secrets that stand in the document itself. */
function writtenSecrets(definition: Definition, sound: (pointer: string) => boolean): string[] {
  const keys = sound('/security/authentication') ? (definition.security.authentication?.apiKeys ?? []) : [];
  const models = sound('/models') ? Object.values(definition.models) : [];
  const databases = sound('/databases') ? Object.values(definition.databases) : [];
  const passwords = databases.map(({ url }) =>
    URL.canParse(url) ? decode(new URL(url).password) : undefined,
  );
  return [...keys.map(({ key }) => key), ...models.map(({ apiKey }) => apiKey), ...passwords].filter(
    (secret): secret is string => secret !== undefined && secret !== '',
  );
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Malformed escapes stand for themselves, as drivers take them.
    return text;
  }
}

function textsOf(node: Node | undefined): string[] {
  if (node?.kind !== 'array') return [];
  return node.items.flatMap((item) => textOf(item) ?? []);
}

function parseDefinition(value: Json): Definition {
  // The check has just given the value this shape; where it could not, the report holds an error.
  return (typeof value === 'object' ? value : {}) as unknown as Definition;
}

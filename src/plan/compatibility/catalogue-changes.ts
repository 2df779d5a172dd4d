// Every difference between what two servers, or two states of one, show their clients.
import type { Catalogue, ListedPrompt, ListedResource } from '../catalogue.ts';
import { added, byKind, type Change, compareTools, removed, reworded } from './compatibility.ts';

/** What kind of thing changed. */
export type Subject = 'tool' | 'prompt' | 'resource' | 'server';

/** A change with the kind of thing that it is about. */
export interface CatalogueChange extends Change {
  readonly subject: Subject;
}

/** Breaking changes first; then tools, prompts and resources in the order of the lists. */
export function compareCatalogues(before: Catalogue, after: Catalogue): readonly CatalogueChange[] {
  const about = (subject: Subject, changes: readonly Change[]): CatalogueChange[] =>
    changes.map((change) => ({ subject, ...change }));
  const changes = [
    ...about('tool', compareTools(before.tools, after.tools)),
    ...about(
      'prompt',
      compareNamed(before.prompts, after.prompts, (one) => one.name, comparePrompt),
    ),
    ...about(
      'resource',
      compareNamed(before.resources, after.resources, (one) => one.uri, compareResource),
    ),
    ...about('server', reworded('server', '/instructions', before.instructions, after.instructions)),
  ];
  return byKind(changes);
}

function compareNamed<Item>(
  before: readonly Item[],
  after: readonly Item[],
  nameOf: (item: Item) => string,
  compare: (before: Item, after: Item) => readonly Change[],
): Change[] {
  const next = new Map(after.map((item) => [nameOf(item), item]));
  const known = new Set(before.map(nameOf));
  return [
    ...before.flatMap((item) => {
      const other = next.get(nameOf(item));
      return other === undefined ? [removed(nameOf(item))] : compare(item, other);
    }),
    ...after.filter((item) => !known.has(nameOf(item))).map((item) => added(nameOf(item))),
  ];
}

function comparePrompt(before: ListedPrompt, after: ListedPrompt): readonly Change[] {
  const { name } = before;
  const at = (argument: string, kind: Change['kind'], change: string, reason: string): Change => ({
    kind,
    name,
    place: `/arguments/${argument}`,
    change: `${argument} ${change}`,
    reason,
  });
  const refused = 'Requests that were valid are refused.';
  const fine = 'Requests that were valid stay so.';
  const changes = before.arguments.flatMap((argument): Change[] => {
    const other = after.arguments.find((one) => one.name === argument.name);
    if (other === undefined)
      return [
        at(argument.name, 'breaking', 'argument: present -> absent', 'What clients send there is lost.'),
      ];
    const words = reworded(name, `/arguments/${argument.name}`, argument.description, other.description);
    if (argument.required === other.required) return words;
    const change = `required: ${argument.required} -> ${other.required}`;
    const demand = other.required
      ? at(argument.name, 'breaking', change, refused)
      : at(argument.name, 'additive', change, fine);
    return [demand, ...words];
  });
  const known = new Set(before.arguments.map((argument) => argument.name));
  const others = after.arguments
    .filter((argument) => !known.has(argument.name))
    .map((argument) =>
      argument.required
        ? at(argument.name, 'breaking', 'argument: absent -> required', refused)
        : at(argument.name, 'additive', 'argument: absent -> optional', fine),
    );
  return [...changes, ...others, ...wording(name, before, after)];
}

function compareResource(before: ListedResource, after: ListedResource): readonly Change[] {
  const { uri, mimeType } = before;
  const change = `mimeType: ${mimeType ?? 'absent'} -> ${after.mimeType ?? 'absent'}`;
  const reason = 'Clients that read the old form may not understand the new one.';
  return [
    ...(mimeType === after.mimeType
      ? []
      : [{ kind: 'breaking', name: uri, place: '/mimeType', change, reason } as const]),
    ...reworded(uri, '/name', before.name, after.name),
    ...wording(uri, before, after),
  ];
}

interface Worded {
  readonly title?: string;
  readonly description?: string;
}

function wording(name: string, before: Worded, after: Worded): readonly Change[] {
  return [
    ...reworded(name, '/title', before.title, after.title),
    ...reworded(name, '/description', before.description, after.description),
  ];
}

// What a change of a tool list means for clients that know the old one: pure, over the lists as clients see them.
import { isDeepStrictEqual } from 'node:util';
import { describeRefusal, shownValue } from '../../definition/compatibility/refusal-text.ts';
import {
  type Refusal,
  type SchemaRole,
  schemaRefusals,
} from '../../definition/compatibility/schema-refusals.ts';
import type { ToolAnnotations } from '../../tool.ts';
import type { ListedTool } from '../listed-tool.ts';

/** The gravest first. */
export const CHANGE_KINDS = ['breaking', 'additive', 'cosmetic'] as const;
/** `breaking`: a client that works today may fail. `additive`: it can do more. `cosmetic`: it reads other words. */
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** One difference between two lists. */
export interface Change {
  readonly kind: ChangeKind;
  /** Name of the tool, prompt or resource, as listed. */
  readonly name: string;
  /** JSON Pointer into its listing; empty for the whole. */
  readonly place: string;
  /** What differs, such as `maximum: 100 -> 50`. */
  readonly change: string;
  /** What that means for clients. */
  readonly reason: string;
}

/** A tool as it is compared: the listing, and what a call needs besides that no listing shows. */
export interface ComparedTool extends ListedTool {
  /** In words, such as `permission sql:read`. Absent: nothing is known. */
  readonly demands?: readonly string[];
}

/** Every difference, breaking ones first, then in the order of the lists. */
export function compareTools(
  before: readonly ComparedTool[],
  after: readonly ComparedTool[],
): readonly Change[] {
  const next = new Map(after.map((tool) => [tool.name, tool]));
  const known = new Set(before.map(({ name }) => name));
  return byKind([
    ...before.flatMap((tool) => {
      const other = next.get(tool.name);
      return other === undefined ? [removed(tool.name)] : compareTool(tool, other);
    }),
    ...after.filter(({ name }) => !known.has(name)).map(({ name }) => added(name)),
  ]);
}

/** Breaking changes first; the order within a kind stays. */
export function byKind<Some extends Change>(changes: readonly Some[]): readonly Some[] {
  return CHANGE_KINDS.flatMap((kind) => changes.filter((change) => change.kind === kind));
}

/** Something that is no longer listed. */
export function removed(name: string): Change {
  const reason = 'Clients that use it get an error.';
  return { kind: 'breaking', name, place: '', change: 'removed', reason };
}

/** Something that was not listed before. */
export function added(name: string): Change {
  return { kind: 'additive', name, place: '', change: 'added', reason: 'Clients can use it.' };
}

/** `change` of a text that only people and models read. */
export function reworded(name: string, place: string, before: unknown, after: unknown): Change[] {
  if (isDeepStrictEqual(before, after)) return [];
  const change = `${place.slice(1)}: ${shownValue(before)} -> ${shownValue(after)}`;
  const reason = 'Nothing is refused; models and people read other words.';
  return [{ kind: 'cosmetic', name, place, change, reason }];
}

function compareTool(before: ComparedTool, after: ComparedTool): Change[] {
  const { name } = before;
  const changes = [
    ...compareSchemas(before, after, 'input'),
    ...compareOutputs(before, after),
    ...compareHints(name, before.annotations ?? {}, after.annotations ?? {}),
    ...compareDemands(before, after),
    ...reworded(name, '/title', before.title, after.title),
    ...reworded(name, '/description', before.description, after.description),
    ...reworded(name, '/annotations/title', before.annotations?.title, after.annotations?.title),
    ...reworded(name, '/_meta', before._meta, after._meta),
  ];
  return changes;
}

/** Only what both sides tell can be compared. */
function compareDemands({ name, demands: before }: ComparedTool, { demands: after }: ComparedTool): Change[] {
  if (before === undefined || after === undefined) return [];
  const change = (demand: string, kind: ChangeKind): Change => ({
    kind,
    name,
    place: '',
    change: `${demand}: ${kind === 'breaking' ? 'not needed -> needed' : 'needed -> not needed'}`,
    reason:
      kind === 'breaking' ? 'Calls without it are refused from now on.' : 'Calls without it are accepted.',
  });
  return [
    ...after.filter((demand) => !before.includes(demand)).map((demand) => change(demand, 'breaking')),
    ...before.filter((demand) => !after.includes(demand)).map((demand) => change(demand, 'additive')),
  ];
}

function compareOutputs(before: ComparedTool, after: ComparedTool): Change[] {
  const place = '/outputSchema';
  const { name } = before;
  if (before.outputSchema !== undefined && after.outputSchema !== undefined)
    return compareSchemas(before, after, 'output');
  if (before.outputSchema !== undefined) {
    const reason = 'Clients that read structured results can no longer rely on their form.';
    return [{ kind: 'breaking', name, place, change: 'outputSchema: removed', reason }];
  }
  if (after.outputSchema === undefined) return [];
  const reason = 'Clients can rely on the form of structured results.';
  return [{ kind: 'additive', name, place, change: 'outputSchema: added', reason }];
}

const REASONS: Readonly<Record<SchemaRole, Readonly<Record<'breaking' | 'additive', string>>>> = {
  input: {
    breaking: 'Calls that were valid are refused, or mean something else.',
    additive: 'What was valid stays valid, and more is.',
  },
  output: {
    breaking: 'Results may have a form that clients do not expect.',
    additive: 'Results keep to the old form, and tell more.',
  },
};

/** Arguments must stay admitted from old to new; results from new to old. */
function compareSchemas(before: ComparedTool, after: ComparedTool, role: SchemaRole): Change[] {
  const key = role === 'input' ? 'inputSchema' : 'outputSchema';
  const [old, next] = [before[key], after[key]];
  if (isDeepStrictEqual(old, next)) return [];
  const isInput = role === 'input';
  const lost = isInput ? schemaRefusals(old, next, role) : schemaRefusals(next, old, role);
  const gained = isInput ? schemaRefusals(next, old, role) : schemaRefusals(old, next, role);
  const places = new Set(lost.map(({ pointer, keyword }) => `${pointer} ${keyword}`));
  const toChange = (kind: 'breaking' | 'additive', refusal: Refusal): Change => {
    const { from, to } = refusal;
    const isForward = (kind === 'breaking') === isInput;
    return {
      kind,
      name: before.name,
      place: `/${key}${refusal.pointer}`,
      change: describeRefusal(isForward ? refusal : { ...refusal, from: to, to: from }),
      reason: REASONS[role][kind],
    };
  };
  const found = [
    ...lost.map((refusal) => toChange('breaking', refusal)),
    ...gained
      .filter(({ pointer, keyword }) => !places.has(`${pointer} ${keyword}`))
      .map((refusal) => toChange('additive', refusal)),
  ];
  if (found.length > 0) return found;
  const reason = 'The same values are valid; models and people read other words.';
  return [{ kind: 'cosmetic', name: before.name, place: `/${key}`, change: `${key}: other words`, reason }];
}

/** What each hint promises where it is absent (MCP: ToolAnnotations), and which value is the promise. */
const HINTS = {
  readOnlyHint: { absent: false, promise: true },
  destructiveHint: { absent: true, promise: false },
  idempotentHint: { absent: false, promise: true },
  openWorldHint: { absent: true, promise: false },
} as const satisfies Partial<Record<keyof ToolAnnotations, { absent: boolean; promise: boolean }>>;

/** Clients ask people less where a tool promises more, so a promise that is taken back concerns them. */
function compareHints(name: string, before: ToolAnnotations, after: ToolAnnotations): Change[] {
  return Object.entries(HINTS).flatMap(([hint, { absent, promise }]): Change[] => {
    const key = hint as keyof typeof HINTS;
    const [was, is] = [before[key] ?? absent, after[key] ?? absent];
    if (was === is) return [];
    const change = `${hint}: ${was} -> ${is}`;
    const place = `/annotations/${hint}`;
    return is === promise
      ? [{ kind: 'additive', name, place, change, reason: 'The tool promises more than before.' }]
      : [{ kind: 'breaking', name, place, change, reason: 'A promise that clients act on is taken back.' }];
  });
}

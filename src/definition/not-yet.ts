// Keys whose runtime does not exist in this version. The one list: whoever builds a runtime removes its rows.
import type { Report } from './report.ts';
import { appendPointer, childOf, type Node, pointerSteps, textOf } from './source/node.ts';

/**
 * - `additive`: without it less is offered; the start says so and goes on.
 * - `omits`: the entry of the list cannot run; the start says so and leaves it out.
 * - `protective`: it restricts access or promises protection; the start refuses until it works.
 */
type Effect = 'additive' | 'omits' | 'protective';

interface NotYet {
  /** JSON Pointer in canonical form; `*` stands for any one step. */
  readonly path: string;
  readonly effect: Effect;
  /** What is missing, as the subject of a sentence. */
  readonly what: string;
  /** Only where the value, and what it stands in, are such; always when absent. */
  readonly when?: (node: Node, parent: Node) => boolean;
}

const is =
  (...values: readonly string[]) =>
  (node: Node) =>
    values.includes(textOf(node) ?? '');
const isNot = (value: string) => (node: Node) => textOf(node) !== value;
const ofSql = (_: Node, handler: Node) => textOf(childOf(handler, 'type')) === 'sql';
const isFilled = (node: Node) =>
  node.kind === 'object' ? node.members.size > 0 : node.kind === 'array' && node.items.length > 0;

const HANDLERS = ['/tools', '/prompts', '/resources', '/resourceTemplates'].map(
  (list) => `${list}/*/handler`,
);

export const notYet: readonly NotYet[] = [
  ...['sql', 'jira', 'knowledge'].map(
    (pack): NotYet => ({ path: `/packs/${pack}`, effect: 'additive', what: `The pack ${pack} is` }),
  ),
  { path: '/knowledge', effect: 'additive', what: 'Knowledge collections are', when: isFilled },
  { path: '/sqlTemplates', effect: 'additive', what: 'SQL templates are', when: isFilled },
  { path: '/databases/*/mode', effect: 'additive', what: 'Writing to databases is', when: is('write') },
  { path: '/databases/*/tenancy', effect: 'protective', what: 'Tenancy is', when: isNot('none') },
  { path: '/security/inspection', effect: 'additive', what: 'Inspection of arguments is', when: is('warn') },
  {
    path: '/security/inspection',
    effect: 'protective',
    what: 'Inspection of arguments is',
    when: is('block'),
  },
  ...HANDLERS.map(
    (handler): NotYet => ({
      path: `${handler}/context`,
      effect: 'omits',
      what: 'Context from a knowledge collection is',
    }),
  ),
  ...[...HANDLERS, '/tools/*/idempotency/reconcile'].flatMap((handler): NotYet[] => [
    { path: `${handler}/template`, effect: 'omits', what: 'The SQL template is', when: ofSql },
    { path: `${handler}/mode`, effect: 'protective', what: 'Writing SQL is', when: is('write') },
  ]),
];

/**
 * Reports every key without a runtime: as a warning where `purpose` is `validate`, else as its effect says.
 * Answers the pointers of list entries that cannot run.
 */
export function reportNotYet(root: Node, purpose: 'serve' | 'validate', report: Report): Set<string> {
  const omitted = new Set<string>();
  for (const row of notYet) {
    for (const { node, parent, pointer } of matches(root, row.path)) {
      if (row.when !== undefined && !row.when(node, parent)) continue;
      const refused = row.effect === 'protective';
      const finding = {
        rule: 'not-yet',
        node,
        atKey: true,
        message: `${row.what} not yet in this version.`,
        fix: fixOf(row.effect),
      } as const;
      if (refused && purpose === 'serve') report.error(finding);
      else report.warning(finding);
      if (row.effect === 'omits') omitted.add(pointer.split('/').slice(0, 3).join('/'));
    }
  }
  return omitted;
}

function fixOf(effect: Effect): string {
  if (effect === 'additive') return 'It has no effect.';
  if (effect === 'omits') return 'It is left out when the definition is served.';
  return 'Serving refuses to start with it, because it promises a protection; remove it until it works.';
}

interface Match {
  readonly node: Node;
  readonly parent: Node;
  readonly pointer: string;
}

function matches(root: Node, path: string): readonly Match[] {
  let found: readonly Match[] = [{ node: root, parent: root, pointer: '' }];
  for (const step of pointerSteps(path)) {
    found = found.flatMap(({ node, pointer }) =>
      (step === '*' ? keysOf(node) : [step]).flatMap((key) => {
        const next = childOf(node, key);
        return next === undefined ? [] : [{ node: next, parent: node, pointer: appendPointer(pointer, key) }];
      }),
    );
  }
  return found;
}

function keysOf(node: Node): string[] {
  if (node.kind === 'object') return [...node.members.keys()];
  return node.kind === 'array' ? node.items.map((_, index) => String(index)) : [];
}

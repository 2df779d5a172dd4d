// Permissions, keys and proxies (spec governance §2, §4).
import { parseInstant } from '../format.ts';
import type { ApiKey } from '../schema/security.ts';
import { appendPointer, type Node, nearestNode } from '../source/node.ts';
import { demandOne } from './handlers.ts';
import { toolNames } from './references.ts';
import { entriesOf, type RuleContext } from './rule-context.ts';

/** Areas of permissions (spec governance §4, and those that other files name). */
export const PERMISSION_AREAS = [
  'tools',
  'prompts',
  'resources',
  'admin',
  'studio',
  'code',
  'jira',
  'sql',
  'knowledge',
  'definitions',
] as const;

/** Imported keys: governance §2. */
const KEY_LENGTH_MIN = 16;
const KEY_LENGTH_MIN_PRODUCTION = 32;
const PLACEHOLDER_KEY = /REPLACE_|your-|test-only/i;
const PERMISSION = /^!?(?:\*|(?:\*|[a-z]+):\S+)$/;
/** Verbs after `tools:` that name no tool. */
const TOOL_VERBS: readonly string[] = ['*', 'list', 'call', 'get', 'read', 'write', 'delete'];

export function checkSecurity(context: RuleContext): void {
  const { definition, sound } = context;
  if (sound('/security/permissions')) {
    const { anonymous, authenticated, deny, inheritance } = definition.security.permissions;
    checkPermissions(context, '/security/permissions/anonymous', anonymous);
    checkPermissions(context, '/security/permissions/authenticated', authenticated);
    checkPermissions(context, '/security/permissions/deny', deny);
    checkInheritance(context, inheritance);
  }
  for (const { item, pointer } of entriesOf(context, 'tools', definition.tools)) {
    if (sound(`${pointer}/permissions`))
      checkPermissions(context, `${pointer}/permissions`, item.permissions);
  }
  const keys = sound('/security/authentication') ? (definition.security.authentication?.apiKeys ?? []) : [];
  const names = new Set<string>();
  for (const { item, pointer } of entriesOf(context, 'security/authentication/apiKeys', keys)) {
    checkKey(item, pointer, names, context);
  }
}

function checkPermissions(context: RuleContext, pointer: string, permissions: readonly string[]): void {
  for (const [index, permission] of permissions.entries()) {
    checkPermission(permission, nearestNode(context.root, appendPointer(pointer, index)), context);
  }
}

function checkPermission(permission: string, node: Node, context: RuleContext, atKey = false): void {
  const [area = '', ...rest] = permission.replace(/^!/, '').split(':');
  const refuse = (message: string) =>
    context.report.error({
      rule: 'permission',
      node,
      atKey,
      message,
      fix: 'Write area:action such as tools:call, area:name such as tools:find_orders, area:* or *.',
      unknown: { name: area, known: PERMISSION_AREAS },
    });
  if (!PERMISSION.test(permission)) {
    refuse(`'${permission}' is no permission.`);
  } else if (area !== '*' && !PERMISSION_AREAS.some((known) => known === area)) {
    refuse(`'${area}' is no area of permissions.`);
  } else if (area === 'tools') {
    warnUnknownTool(rest.join(':'), { node, atKey }, context);
  }
}

function warnUnknownTool(name: string, place: { node: Node; atKey: boolean }, context: RuleContext): void {
  const { definition } = context;
  const open = Object.keys(definition.packs ?? {}).length + Object.keys(definition.upstreams ?? {}).length;
  const known = toolNames(context);
  if (open > 0 || TOOL_VERBS.includes(name) || known.has(name)) return;
  context.report.warning({
    rule: 'permission',
    ...place,
    message: `There is no tool '${name}'.`,
    fix: 'The permission allows nothing.',
    unknown: { name, known },
  });
}

function checkInheritance(
  context: RuleContext,
  inheritance: Readonly<Record<string, readonly string[]>>,
): void {
  const pointer = '/security/permissions/inheritance';
  const reported = new Set<string>();
  const steps = new Map(Object.entries(inheritance));
  for (const [permission, included] of steps) {
    const at = appendPointer(pointer, permission);
    const node = nearestNode(context.root, at);
    checkPermission(permission, node, context, true);
    checkPermissions(context, at, included);
    const cycle = cycleFrom(permission, steps);
    if (cycle === undefined || cycle.some((step) => reported.has(step))) continue;
    for (const step of cycle) reported.add(step);
    context.report.error({
      rule: 'permission',
      node,
      atKey: true,
      message: `The inheritance goes in a circle: ${cycle.join(' > ')}.`,
      fix: 'Remove one of the steps.',
    });
  }
}

/** The way from a permission back to itself, or undefined. */
function cycleFrom(start: string, inheritance: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const seen = new Set<string>();
  const search = (permission: string, way: readonly string[]): string[] | undefined => {
    for (const next of inheritance.get(permission) ?? []) {
      if (next === start) return [...way, next];
      if (seen.has(next)) continue;
      seen.add(next);
      const found = search(next, [...way, next]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return search(start, [start]);
}

function checkKey(key: ApiKey, pointer: string, names: Set<string>, context: RuleContext): void {
  const { report, root } = context;
  demandOne(context, pointer, { key: key.key, keyHash: key.keyHash });
  if (names.has(key.name)) {
    report.error({
      rule: 'duplicate',
      node: nearestNode(root, `${pointer}/name`),
      message: `The key name '${key.name}' is used twice.`,
      fix: 'Rename one of the two.',
    });
  }
  names.add(key.name);
  checkPermissions(context, `${pointer}/permissions`, key.permissions ?? []);
  if (key.key !== undefined) checkKeyText(key.key, `${pointer}/key`, context);
  const from = instantOf(key.notBefore);
  const until = instantOf(key.expiresAt);
  if (from !== undefined && until !== undefined && from >= until) {
    report.error({
      rule: 'api-key',
      node: nearestNode(root, `${pointer}/notBefore`),
      message: 'The key expires before it becomes valid.',
      fix: 'Put notBefore before expiresAt.',
    });
  }
}

function checkKeyText(key: string, pointer: string, { report, root, production }: RuleContext): void {
  const node = nearestNode(root, pointer);
  const finding = { rule: 'api-key', node, received: 'secret' } as const;
  if (PLACEHOLDER_KEY.test(key)) {
    const message = 'The key is a placeholder.';
    const fix = 'Replace it by the output of `quayside keys create --definition`.';
    if (production) report.error({ ...finding, message, fix });
    else report.warning({ ...finding, message, fix: `${fix} Production refuses it.` });
    return;
  }
  const least = production ? KEY_LENGTH_MIN_PRODUCTION : KEY_LENGTH_MIN;
  if (key.length >= least) return;
  const where = production ? ' in production' : '';
  report.error({
    ...finding,
    message: `The key has fewer than ${least} characters.`,
    fix: `Use at least ${least}${where}; \`quayside keys create\` makes a strong one.`,
  });
}

function instantOf(value: string | number | undefined): number | undefined {
  return typeof value === 'string' ? parseInstant(value) : value;
}

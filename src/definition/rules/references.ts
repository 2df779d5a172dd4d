// What is referred to by name must be declared.
import type { Rule } from '../problem.ts';
import type { Handler } from '../schema/handler.ts';
import { appendPointer, nearestNode } from '../source/node.ts';
import { listedToolName } from '../tool-name.ts';
import { handlerPlaces } from './handler-places.ts';
import { entriesOf, type RuleContext } from './rule-context.ts';

/** Templates of the sql pack, which need no declaration (spec sql §2). */
export const BUILT_IN_TEMPLATES = [
  'search_issues_by_project',
  'get_project_metrics',
  'search_issues_by_text',
  'get_issue_history',
  'get_user_workload',
  'lead_time_metrics',
] as const;

export function checkReferences(context: RuleContext): void {
  const { definition } = context;
  for (const { handler, pointer } of handlerPlaces(context)) checkHandler(handler, pointer, context);
  checkPages(context);
  checkToolKeys(
    context,
    '/security/rateLimit/perTool',
    Object.keys(definition.security?.rateLimit?.perTool ?? {}),
  );
  checkToolKeys(context, '/caching/tools', Object.keys(definition.caching?.tools ?? {}));
  checkKeyLimits(context);
}

/** Which pages an upstream has, nobody knows before it is asked. */
function checkPages(context: RuleContext): void {
  const { definition } = context;
  if (Object.keys(definition.upstreams).length > 0) return;
  const known = definition.resources.flatMap((resource) =>
    resource?.uri === undefined ? [] : [resource.uri],
  );
  for (const { item, pointer } of entriesOf(context, 'tools', definition.tools))
    if (item.ui?.resource !== undefined)
      demand(context, `${pointer}/ui/resource`, item.ui.resource, known, 'resource');
}

function checkHandler(handler: Handler, pointer: string, context: RuleContext): void {
  const { definition } = context;
  if (handler.type === 'sql' && handler.statement !== undefined) {
    demand(context, `${pointer}/database`, handler.database, Object.keys(definition.databases), 'database');
  }
  if (handler.type === 'sql' && handler.template !== undefined) {
    const known = [...Object.keys(definition.sqlTemplates), ...BUILT_IN_TEMPLATES];
    demand(context, `${pointer}/template`, handler.template, known, 'SQL template');
  }
  if (handler.type === 'mcp') {
    demand(context, `${pointer}/upstream`, handler.upstream, Object.keys(definition.upstreams), 'upstream');
  }
  if (handler.type === 'prompt' && handler.prompt !== undefined) {
    const known = definition.prompts.flatMap((prompt) => (prompt?.name === undefined ? [] : [prompt.name]));
    demand(context, `${pointer}/prompt`, handler.prompt, known, 'prompt');
  }
  if (handler.type === 'prompt' && handler.model !== undefined) {
    demand(context, `${pointer}/model`, handler.model, Object.keys(definition.models), 'model');
  }
}

function demand(
  context: RuleContext,
  pointer: string,
  name: string,
  known: readonly string[],
  noun: string,
): void {
  if (known.includes(name)) return;
  const declared =
    known.length === 0 ? `Declare the ${noun} '${name}'.` : `Declared: ${known.slice(0, 20).join(', ')}.`;
  context.report.error({
    rule: 'reference',
    node: nearestNode(context.root, pointer),
    message: `There is no ${noun} '${name}'.`,
    fix: declared,
    unknown: { name, known },
  });
}

/** Tools may be named as written or as listed. Packs and upstreams bring tools of their own. */
function checkToolKeys(context: RuleContext, pointer: string, names: readonly string[]): void {
  if (!context.sound(pointer)) return;
  const known = toolNames(context);
  const open =
    Object.keys(context.definition.packs ?? {}).length +
    Object.keys(context.definition.upstreams ?? {}).length;
  for (const name of names) {
    if (known.has(name)) continue;
    const finding = {
      rule: 'reference' as Rule,
      node: nearestNode(context.root, appendPointer(pointer, name)),
      atKey: true,
      message: `There is no tool '${name}'.`,
      fix: 'Name a tool of this definition.',
      unknown: { name, known },
    };
    if (open === 0) context.report.error(finding);
    else context.report.warning({ ...finding, fix: 'Make sure that a pack or an upstream brings it.' });
  }
}

/** Names of all tools, as written and as listed. */
export function toolNames({ definition }: RuleContext): Set<string> {
  const names = definition.tools.flatMap((tool) => (typeof tool?.name === 'string' ? [tool.name] : []));
  return new Set([...names, ...names.map((name) => listedToolName(name, 'safe'))]);
}

function checkKeyLimits(context: RuleContext): void {
  const { definition, sound } = context;
  const pointer = '/security/rateLimit/perApiKey';
  if (!sound(pointer) || !sound('/security/authentication')) return;
  const keys = definition.security.authentication?.apiKeys ?? [];
  const known = keys.flatMap((key) => (key.tier === undefined ? [key.name] : [key.name, key.tier]));
  for (const name of Object.keys(definition.security.rateLimit.perApiKey)) {
    if (known.includes(name)) continue;
    context.report.warning({
      rule: 'reference',
      node: nearestNode(context.root, appendPointer(pointer, name)),
      atKey: true,
      message: `No key of this definition has the name or tier '${name}'.`,
      fix: 'The limit applies only to keys made elsewhere with that name or tier.',
      unknown: { name, known },
    });
  }
}

// Tools that ask a model: placeholders that exist, a result that their outputSchema can hold.
import type { PromptHandler } from '../schema/handler.ts';
import type { Tool } from '../schema/tool.ts';
import { nearestNode } from '../source/node.ts';
import { promptPlaceholders } from './content.ts';
import { propertyNames } from './handlers.ts';
import { entriesOf, type RuleContext } from './rule-context.ts';

export function checkPromptTools(context: RuleContext): void {
  const { definition, sound } = context;
  for (const { item, pointer } of entriesOf(context, 'tools', definition.tools)) {
    if (!sound(`${pointer}/handler`) || item.handler.type !== 'prompt') continue;
    if (sound(`${pointer}/inputSchema`)) checkPlaceholders(item, item.handler, pointer, context);
    if (item.outputSchema !== undefined) checkOutput(item.handler, pointer, context);
  }
}

function checkPlaceholders(tool: Tool, handler: PromptHandler, pointer: string, context: RuleContext): void {
  const known = propertyNames(tool);
  for (const key of ['system', 'template'] as const) {
    for (const name of promptPlaceholders(handler[key] ?? '')) {
      if (known.includes(name)) continue;
      context.report.error({
        rule: 'prompt-placeholder',
        node: nearestNode(context.root, `${pointer}/handler/${key}`),
        message: `{{${name}}} names no argument of the tool.`,
        fix: `Add ${name} to the input, or write {{{{ for a literal {{.`,
        unknown: { name, known },
      });
    }
  }
}

function checkOutput(handler: PromptHandler, pointer: string, context: RuleContext): void {
  const node = nearestNode(context.root, `${pointer}/outputSchema`);
  const refuse = (message: string, fix: string) =>
    context.report.error({ rule: 'value', node, atKey: true, message, fix });
  if (handler.output !== 'json') {
    refuse('Text from a model cannot fit an outputSchema.', 'Set `output: json` in the handler.');
  } else if (
    Object.keys(context.definition.models ?? {}).length === 0 &&
    handler.withoutModel === 'return_prompt'
  ) {
    refuse(
      'A returned prompt cannot fit an outputSchema, and no model is declared.',
      'Declare one in `models`, or set `withoutModel` to sampling or error.',
    );
  }
}

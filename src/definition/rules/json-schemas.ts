// The input and output schemas of all tools.
import { type Node, nodeAt, textOf } from '../source/node.ts';
import { checkHeaderParameters } from './header-parameters.ts';
import { checkJsonSchema } from './json-schema.ts';
import { entriesOf, type RuleContext } from './rule-context.ts';

export function checkSchemas(context: RuleContext): void {
  const { definition, root, report, sound } = context;
  for (const { pointer } of entriesOf(context, 'tools', definition.tools)) {
    const input = nodeAt(root, `${pointer}/inputSchema`);
    if (input !== undefined && sound(`${pointer}/inputSchema`)) {
      checkJsonSchema(input, report);
      checkRootType(input, context);
      checkHeaderParameters(input, report);
    }
    const output = nodeAt(root, `${pointer}/outputSchema`);
    if (output !== undefined && sound(`${pointer}/outputSchema`)) checkJsonSchema(output, report);
  }
}

function checkRootType(schema: Node, { report }: RuleContext): void {
  const type = schema.kind === 'object' ? schema.members.get('type') : undefined;
  if (type !== undefined && textOf(type) === 'object') return;
  report.error({
    rule: 'json-schema',
    node: type ?? schema,
    atKey: type === undefined,
    message: 'The schema of arguments must have the type object.',
    fix: 'Write type: object.',
  });
}

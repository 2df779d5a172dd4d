// What clients of one version lose by the other (governance §10.3, compatibility).
import { describeRefusal } from '../definition/compatibility/refusal-text.ts';
import { schemaRefusals } from '../definition/compatibility/schema-refusals.ts';
import type { Definition } from '../definition/schema/definition.ts';

/**
 * One line for each tool that is gone and for each argument that is no longer taken as it was; empty when nothing
 * breaks. The same rules as `quayside plan` has for arguments.
 */
export function breakingChanges(
  stable: Pick<Definition, 'tools'>,
  canary: Pick<Definition, 'tools'>,
): readonly string[] {
  const after = new Map(canary.tools.filter(({ enabled }) => enabled).map((tool) => [tool.name, tool]));
  return stable.tools
    .filter(({ enabled }) => enabled)
    .flatMap(({ name, inputSchema }) => {
      const tool = after.get(name);
      if (tool === undefined) return [`the tool ${name} is gone`];
      const refusals = schemaRefusals(inputSchema, tool.inputSchema, 'input');
      return refusals.map((refusal) => `the tool ${name}: ${describeRefusal(refusal)}`);
    });
}

// What clients of one version lose by the other (governance §10.3, compatibility).
import type { Definition } from '../definition/schema/definition.ts';
import { stricterPlaces } from './stricter-schema.ts';

/** One line for each tool that is gone or refuses arguments that it took; empty when nothing breaks. */
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
      return stricterPlaces(inputSchema, tool.inputSchema).map((what) => `the tool ${name}: ${what}`);
    });
}

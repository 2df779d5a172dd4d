// A rollout by itself; that its other version is there, and agrees, is judged between definitions.
import { nearestNode } from '../source/node.ts';
import type { RuleContext } from './rule-context.ts';

export function checkRollout({ definition, sound, report, root }: RuleContext): void {
  const { rollout, version } = definition;
  if (rollout === undefined || !sound('/rollout') || !sound('/version')) return;
  const wrong = (pointer: string, message: string, fix: string): void =>
    report.error({ rule: 'rollout', node: nearestNode(root, pointer), atKey: true, message, fix });
  const { stable, canary, stages } = rollout;
  if (stable === canary)
    wrong('/rollout/canary', 'Both versions are the same.', 'Name the new version as canary.');
  else if (version !== stable && version !== canary)
    wrong(
      '/rollout',
      `This definition has the version ${version}, which is neither stable nor canary.`,
      'Name its version as one of the two.',
    );
  if (stages.some((stage, index) => index > 0 && stage <= (stages[index - 1] ?? 0)))
    wrong('/rollout/stages', 'The stages do not grow.', 'Write each larger than the one before.');
  if (stages.at(-1) !== 100)
    wrong('/rollout/stages', 'The last stage is not 100.', 'End with 100: then everybody has the canary.');
}

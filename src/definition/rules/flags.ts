// Keys of feature flags.
import { FLAG_KEY, FLAG_KEY_LENGTH_MAX } from '../schema/flags.ts';
import { appendPointer, nearestNode } from '../source/node.ts';
import type { RuleContext } from './rule-context.ts';

export function checkFlags({ definition, sound, report, root }: RuleContext): void {
  if (!sound('/flags')) return;
  for (const key of Object.keys(definition.flags)) {
    if (FLAG_KEY.test(key) && key.length <= FLAG_KEY_LENGTH_MAX) continue;
    report.error({
      rule: 'value',
      node: nearestNode(root, appendPointer('/flags', key)),
      atKey: true,
      message: `'${key}' cannot be the key of a flag.`,
      fix: `Use 1 to ${FLAG_KEY_LENGTH_MAX} lower-case letters, digits and inner hyphens.`,
    });
  }
}

import { expect, test } from 'vitest';
import { parseRegex } from '../regex/regex-parser.ts';
import { type LiteralPlan, planLiterals } from './literal-plan.ts';

function literalsOf(plan: LiteralPlan): string[] {
  if ('parts' in plan) return plan.parts.flatMap(literalsOf);
  return plan.kind === 'literal' ? [plan.bytes] : [];
}

const planOf = (pattern: string): LiteralPlan =>
  planLiterals(parseRegex(pattern, { ignoreCase: false }).node);

test('text between classes is asked for as a whole', () => {
  expect(literalsOf(planOf('func \\(\\w+ \\*Daemon\\) \\w+\\('))).toEqual(
    expect.arrayContaining(['func (', ' *daemon) ']),
  );
});

test('what is certain is asked for beside what it may continue with', () => {
  const plan = planOf('network_[a-c]+x');
  expect(plan.kind).toBe('and');
  expect('parts' in plan ? plan.parts : []).toContainEqual({ kind: 'literal', bytes: 'network_' });
  expect(literalsOf(plan)).toEqual(expect.arrayContaining(['network_a', 'network_b', 'network_c']));
});

test('a part that may be missing is not asked for', () => {
  expect(literalsOf(planOf('abc(def)?[0-9]+ghi'))).not.toContain('def');
});

// The rollout that tests declare: the defaults, and a first share of 5 %.
import type { Rollout } from '../../src/definition/schema/rollout.ts';

export const ROLLOUT: Rollout = {
  stable: '1.0.0',
  canary: '1.1.0',
  stages: [5, 25, 50, 100],
  stageMinutes: 15,
  sticky: 'principal',
  analysis: { interval: 60, minRequests: 20, minSuccess: 99, maxP95Ms: 500, threshold: 5 },
  auto: true,
};

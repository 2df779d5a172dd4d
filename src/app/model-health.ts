// The health component of the endpoints that `models` of the open plans name.
import type { Clock } from '../clock.ts';
import type { Component } from '../operations/health/health.ts';
import type { OpenModels } from './plans.ts';

/** Below the time that a check may take, with room for a busy machine. */
const LOOK_WAIT_MS = 600;

/** Not critical: what asks no model does not depend on one. It only degrades, since tools say themselves what failed. */
export function modelsComponent(open: OpenModels, clock: Clock): Component {
  return {
    name: 'model',
    critical: false,
    async check() {
      const all = [...open].flatMap(([slug, models]) =>
        [...models.all].map(([name, { health }]) => ({ name: `${slug}/${name}`, health })),
      );
      // What takes longer is known at the next check.
      await within(LOOK_WAIT_MS, Promise.all(all.map(({ health }) => health.refresh())), clock);
      const problems = all.flatMap(({ name, health }) => {
        const problem = health.problem();
        return problem === undefined ? [] : [`${name}: ${problem}`];
      });
      if (problems.length === 0) return { status: 'healthy' };
      return { status: 'degraded', message: [...new Set(problems)].join(' ') };
    },
  };
}

function within(waitMs: number, work: Promise<unknown>, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(waitMs, resolve);
    void work.then(() => {
      cancel();
      resolve();
    });
  });
}

import { expect, test } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { createKeptLog } from '../../test/support/kept-log.ts';
import { createLogLevelControl } from './log-level.ts';

function setUp() {
  const clock = createFakeClock();
  const { log, lines } = createKeptLog('info');
  return { clock, log, lines, control: createLogLevelControl({ levels: log.levels, clock, log }) };
}

test('P64: a level is changed at once and comes back after its time', async () => {
  const { clock, log, control } = setUp();
  expect(control.change('debug', { ttlMs: 60_000 })).toEqual({
    level: 'debug',
    previous: 'info',
    expiresAt: new Date(clock.now() + 60_000).toISOString(),
  });
  expect(log.levels.get()).toBe('debug');
  await clock.pass(59_999);
  expect(log.levels.get()).toBe('debug');
  await clock.pass(1);
  expect(log.levels.get()).toBe('info');
});

test('overlapping changes end at the level before the first of them', async () => {
  const { clock, log, control } = setUp();
  control.change('debug', { ttlMs: 1000 });
  await clock.pass(900);
  expect(control.change('error', { ttlMs: 1000 }).previous).toBe('debug');
  await clock.pass(900);
  expect(log.levels.get()).toBe('error');
  await clock.pass(100);
  expect(log.levels.get()).toBe('info');
});

test('one component changes alone, and follows the process again afterwards', async () => {
  const { clock, log, control } = setUp();
  control.change('debug', { component: 'egress', ttlMs: 1000 });
  expect([log.levels.get('egress'), log.levels.get()]).toEqual(['debug', 'info']);
  log.levels.set('warning');
  await clock.pass(1000);
  expect(log.levels.get('egress')).toBe('warning');
});

test('closing ends every change', () => {
  const { log, control } = setUp();
  control.change('debug', { ttlMs: 1000 });
  control.change('debug', { component: 'egress', ttlMs: 1000 });
  control.close();
  expect([log.levels.get(), log.levels.get('egress')]).toEqual(['info', 'info']);
});

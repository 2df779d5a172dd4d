import { expect, test } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { createBreaker } from './breaker.ts';

function setUp() {
  const clock = createFakeClock();
  const opened: number[] = [];
  const breaker = createBreaker({
    failures: 3,
    cooldownMs: 1000,
    clock,
    opened: () => opened.push(clock.monotonic()),
  });
  return { clock, breaker, opened };
}

test('only failures in a row open it', () => {
  const { breaker, opened } = setUp();
  for (let round = 0; round < 5; round++) {
    breaker.failed();
    breaker.failed();
    breaker.succeeded();
  }
  expect(breaker.state).toBe('closed');
  for (let failure = 0; failure < 3; failure++) breaker.failed();
  expect(breaker.state).toBe('open');
  expect(opened).toHaveLength(1);
  expect(() => breaker.admit()).toThrow(/left alone for 1 s more/);
});

test('after the pause one trial decides, and the others wait for it', async () => {
  const { clock, breaker, opened } = setUp();
  for (let failure = 0; failure < 3; failure++) breaker.failed();
  await clock.pass(1000);
  expect(breaker.state).toBe('half-open');
  breaker.admit();
  expect(() => breaker.admit()).toThrow(/until a trial call has ended/);
  breaker.failed();
  expect(breaker.state).toBe('open');
  expect(opened).toHaveLength(2);
  await clock.pass(1000);
  breaker.admit();
  breaker.succeeded();
  expect(breaker.state).toBe('closed');
  breaker.admit();
});

test('a trial that says nothing makes room for the next one', async () => {
  const { clock, breaker } = setUp();
  for (let failure = 0; failure < 3; failure++) breaker.failed();
  await clock.pass(1000);
  breaker.admit();
  breaker.undecided();
  breaker.admit();
});

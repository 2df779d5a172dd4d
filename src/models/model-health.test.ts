import { expect, test } from 'vitest';
import type { Egress, EgressStream } from '../egress/egress.ts';
import { EgressError } from '../egress/egress-error.ts';
import { ModelError, type ModelFailure } from './model-error.ts';
import { createModelHealth } from './model-health.ts';

type Answer = number | EgressError;

function setUp(...answers: Answer[]) {
  let now = 0;
  const looked: string[] = [];
  const egress: Pick<Egress, 'stream'> = {
    async stream({ url, method }) {
      looked.push(`${method} ${url}`);
      const answer = answers.shift() ?? 200;
      if (typeof answer !== 'number') throw answer;
      return response(answer);
    },
  };
  const health = createModelHealth({
    egress,
    url: 'https://m.example/v1/models',
    headers: {},
    allowedHosts: [],
    redact: (text) => text,
    now: () => now,
  });
  const check = async (afterMs: number): Promise<string | undefined> => {
    now += afterMs;
    await health.refresh();
    return health.problem();
  };
  return { health, looked, check };
}

function response(status: number): EgressStream {
  async function* body(): AsyncGenerator<Buffer, void, undefined> {
    yield Buffer.from('{}');
  }
  return { status, headers: {}, url: '', redirects: 0, body: body() };
}

test('an endpoint that is well is looked at once a minute, one that is not with every check', async () => {
  const { looked, check } = setUp(200, new EgressError('connect', 'refused'), 503, 200);
  expect(await check(0)).toBeUndefined();
  expect(looked).toEqual(['GET https://m.example/v1/models']);
  expect(await check(59_000)).toBeUndefined();
  expect(looked).toHaveLength(1);
  expect(await check(1000)).toBe('The model endpoint cannot be reached.');
  expect(await check(5000)).toBe('The model endpoint answered with status 503.');
  expect(await check(5000)).toBeUndefined();
  expect(looked).toHaveLength(4);
});

test('a question that was answered stands in for a look, and one that failed is known at once', async () => {
  const { health, looked, check } = setUp(401);
  health.asked(undefined);
  expect(await check(59_000)).toBeUndefined();
  health.asked(new ModelError('unauthorized', 'The model endpoint refused the key (status 401).'));
  expect(health.problem()).toBe('The model endpoint refused the key (status 401).');
  expect(looked).toEqual([]);
  expect(await check(5000)).toContain('refused the key');
  expect(looked).toHaveLength(1);
});

test.each<ModelFailure>(['rejected', 'rate_limited', 'too_large', 'filtered', 'truncated'])(
  'a question that is %s says nothing against the endpoint',
  (failure) => {
    const { health } = setUp();
    health.asked(new ModelError('unreachable', 'gone'));
    health.asked(new ModelError(failure, 'no'));
    expect(health.problem()).toBeUndefined();
  },
);

test.each<ModelFailure>(['aborted', 'closed'])('a question that was %s says nothing at all', (failure) => {
  const { health } = setUp();
  health.asked(new ModelError('unreachable', 'gone'));
  health.asked(new ModelError(failure, 'no'));
  expect(health.problem()).toBe('gone');
});

test.each([404, 405, 429])('an endpoint that answers %d to a look is there', async (status) => {
  expect(await setUp(status).check(0)).toBeUndefined();
});

test('never two looks at once', async () => {
  const answers: (() => void)[] = [];
  const health = createModelHealth({
    egress: { stream: () => new Promise((resolve) => answers.push(() => resolve(response(200)))) },
    url: 'https://m.example/v1/models',
    headers: {},
    allowedHosts: [],
    redact: (text) => text,
    now: () => 0,
  });
  const looks = [health.refresh(), health.refresh()];
  expect(answers).toHaveLength(1);
  answers[0]?.();
  await Promise.all(looks);
  expect(health.problem()).toBeUndefined();
});

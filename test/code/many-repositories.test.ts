// More repositories than are compared at once: what is said of the rest, and that lines are found in all of them.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { eachStore } from '../support/store.ts';
import { type ServedPack, servePack } from './served-pack.ts';

const NAMES = Array.from({ length: 12 }, (_, at) => `part${String(at).padStart(2, '0')}`);

eachStore(({ openStore }) => {
  let pack: ServedPack;

  beforeAll(async () => {
    const tree = Object.fromEntries(
      NAMES.map((name) => [`${name}/src/own.ts`, 'export function retryCall() {}\n']),
    );
    pack = await servePack(tree, { store: await openStore(), clock: systemClock }, { folders: NAMES });
    await vi.waitFor(
      async () =>
        expect(await pack.call('lookup_symbol', { symbol: 'retryCall' })).toMatchObject({
          total_matches: NAMES.length,
        }),
      { timeout: 60_000 },
    );
  }, 90_000);
  afterAll(() => pack?.close(), 60_000);

  const of = ({ results }: { readonly results: readonly { readonly repository: string }[] }) =>
    [...new Set(results.map(({ repository }) => repository))].sort();

  test('P43: ten repositories are compared at once, the first ones, and the others are named', async () => {
    for (const args of [
      { query: 'retry call', search_type: 'hybrid' },
      { query: 'retryCall', search_type: 'auto', limit: 50 },
      { request_type: 'symbol_search', target: { query: 'retryCall' }, response_format: { max_results: 50 } },
    ]) {
      const answer = await pack.call('search_code', args);
      expect([args, of(answer)]).toEqual([args, NAMES.slice(0, 10)]);
      expect(answer.note).toContain('at most 10 repositories are compared at once: part10, part11.');
    }
    const named = await pack.call('search_code', {
      query: 'retry call',
      search_type: 'hybrid',
      repository_filter: { repositories: NAMES },
    });
    expect([of(named), named.note]).toEqual([NAMES, undefined]);
  });

  test('P39: lines are found in all of them', async () => {
    for (const search_type of ['literal', 'regex', 'fuzzy']) {
      const answer = await pack.call('search_code', { query: 'retryCall', search_type });
      expect([search_type, answer.total_found, of(answer), answer.note]).toEqual([
        search_type,
        NAMES.length,
        NAMES,
        undefined,
      ]);
    }
  });
});

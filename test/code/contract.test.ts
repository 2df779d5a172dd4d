// The records of repositories, files and symbols over both stores: the same questions have equal answers.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { eachStore } from '../support/store.ts';
import { writeTree } from './code-server.ts';
import { type PackAnswer, servePack } from './served-pack.ts';
import { GO_SHOP, PYTHON_SHOP } from './three-shops.ts';

const QUESTIONS: readonly (readonly [tool: string, args: Readonly<Record<string, unknown>>])[] = [
  ['search_code', { query: 'retry_call' }],
  ['search_code', { query: 'def (create|delete)_\\w+', search_type: 'regex', limit: 7 }],
  ['search_code', { query: 'retri_call', search_type: 'fuzzy' }],
  ['search_code', { query: 'delete customer', search_type: 'hybrid' }],
  [
    'search_code',
    { query: 'create order', search_type: 'hybrid', repository_filter: { group_by_repository: true } },
  ],
  ['search_code', { request_type: 'edit_preparation', target: { symbol: 'retry_call' } }],
  ['lookup_symbol', { symbol: 'DoWithBackoff' }],
  ['lookup_symbol', { symbol: 'retry', exact_match: false }],
  ['find_references', { symbol: 'retry_call' }],
  ['get_file_outline', { file_path: 'shop/retry.py' }],
  ['analyze_dependencies', { path: 'shop' }],
  ['list_repositories', {}],
  ['repository_stats', {}],
  ['get_status', {}],
  ['cleanup_repositories', { repository_types: ['reference'], dry_run: true }],
];

/** Answers by store, without what differs from run to run: ids, times and folders. */
const answers = new Map<string, readonly PackAnswer[]>();

eachStore(({ kind, openStore }) => {
  test('P47: what is indexed, added and removed is answered, and kept over a restart without parsing anything again', async () => {
    const store = await openStore();
    const pack = await servePack(PYTHON_SHOP, { store, clock: systemClock });
    writeTree(join(pack.root, 'samples/go-shop'), GO_SHOP);
    await pack.call('index_project');
    await pack.call('add_reference_repository', { path: join(pack.root, 'samples/go-shop'), language: 'go' });
    await expect
      .poll(() => pack.call('lookup_symbol', { symbol: 'DoWithBackoff', repository: 'go-shop' }), {
        timeout: 20_000,
      })
      .toHaveProperty('defined_in');
    const asked = async (of: typeof pack) => {
      const given = [];
      for (const [tool, args] of QUESTIONS) given.push(stripped(await of.call(tool, args), pack.work));
      return given;
    };
    const first = await asked(pack);
    answers.set(kind, first);
    await pack.served.close();
    const again = await servePack({}, { store, clock: systemClock, work: pack.work });
    const { source, statistics } = await again.call('index_project', { path: 'tree' });
    expect([source, statistics.parsed_files]).toEqual(['current', 0]);
    await expect
      .poll(() => again.call('lookup_symbol', { symbol: 'DoWithBackoff', repository: 'go-shop' }), {
        timeout: 20_000,
      })
      .toHaveProperty('defined_in');
    expect(await asked(again)).toEqual(first);
    await again.close();
    await pack.close();
  }, 60_000);
});

test('P47: equal answers over SQLite and PostgreSQL', () => {
  expect(answers.size).toBeGreaterThan(0);
  const [one = [], ...others] = answers.values();
  expect(one).toHaveLength(QUESTIONS.length);
  for (const answer of one) expect(answer).not.toHaveProperty('error');
  for (const other of others) expect(other).toEqual(one);
});

function stripped(answer: PackAnswer, work: string): PackAnswer {
  const text = JSON.stringify(answer)
    .replaceAll(work, '')
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}|\b[0-9a-f]{12,16}\b/g, 'id')
    .replace(/"\d{4}-\d\d-\d\dT[^"]*"/g, '"time"')
    .replace(/"next_cursor":"[^"]*"/g, '"next_cursor":""')
    .replace(/"tokens":\d+/g, '"tokens":0');
  return JSON.parse(text);
}

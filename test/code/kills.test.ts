// Indexing that is killed: what is said of an index and what is answered from it agree, in every process.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from '../support/command.ts';
import { MAIN, productEnvironment } from '../support/product.ts';
import { type CodeServer, startCodeServer, writeTree } from './code-server.ts';

const KILLS = 20;
const FILES = Array.from({ length: 400 }, (_, at) => `src/f${at}.ts`);
/** Longer than a dead writer's word that it builds is believed (20 s). */
const LEASE_MS = 45_000;

let work: string;
let definition: string;
/** Two processes that only read, so that what a killed writer leaves stays as it is. */
let readers: readonly CodeServer[] = [];

const place = (name: string) => join(work, name);
const words = (...verb: string[]) => ['code', ...verb, '--on', definition, '--data', place('data')];

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'quayside-kills-'));
  writeRound(0);
  definition = place('shop.yaml');
  writeFileSync(
    definition,
    `name: shop\nversion: 1.0.0\npacks: { code: { paths: [${JSON.stringify(place('tree'))}] } }\n`,
  );
  const reading = { root: place('tree'), data: place('data'), options: 'autoIndex: false, watch: false' };
  readers = [await startCodeServer({}, reading), await startCodeServer({}, reading)];
}, 120_000);
afterAll(async () => {
  await Promise.all(readers.map((reader) => reader.close()));
  rmSync(work, { recursive: true, force: true });
}, 60_000);

test('N6: after 20 kills at random points of indexing, two processes say and answer the same, and nothing is half there', async () => {
  expect(await agreed()).toEqual({ state: 'missing_index', round: undefined });
  const started = performance.now();
  expect(runCommand(words('index')).code).toBe(0);
  const wholeMs = performance.now() - started;
  expect(await agreed()).toEqual({ state: 'ready', round: 0 });

  const seen = new Map<string, number>();
  for (let round = 1; round <= KILLS; round++) {
    writeRound(round);
    const lifeMs = Math.round(wholeMs * (0.2 + Math.random()));
    // Half of them at any time of the process, most of which is its start; the others once it has begun to write.
    await killed(round % 2 === 0 ? 'index' : 'repair', {
      lifeMs,
      until: round % 4 < 2 ? isWriting : undefined,
    });
    const { state, round: answered } = await agreed();
    seen.set(state, (seen.get(state) ?? 0) + 1);
    // An earlier whole state may be left, and never one that no writer finished.
    const context = `${state} after ${lifeMs} of ${wholeMs} ms, round ${round} of ${answered}`;
    expect(state !== 'ready' || (answered ?? -1) <= round, context).toBe(true);
  }
  // The word of the dead writers runs out: what is left is either whole or said not to be.
  await expect
    .poll(async () => (await agreed()).state, { timeout: LEASE_MS, interval: 500 })
    .not.toMatch(/index_(re)?building/);
  // Kills that only ever hit an idle writer would prove nothing.
  expect(seen.get('index_rebuilding') ?? 0).toBeGreaterThan(0);

  expect(runCommand(words('index')).code).toBe(0);
  expect(await agreed()).toEqual({ state: 'ready', round: KILLS });
}, 300_000);

/** Whole files only: a writer may read at any time. */
function writeRound(round: number): void {
  writeTree(place('tree'), { 'src/README.md': 'Sample.\n' });
  for (const path of FILES) {
    writeTree(place('next'), { [path]: sourceOf(path, round) });
    renameSync(place(`next/${path}`), place(`tree/${path}`));
  }
}

const sourceOf = (path: string, round: number) =>
  `// ${path} holds round_${round}_end\nexport function planted() {}\n${`// filler of round ${round}\n`.repeat(40)}`;

interface Kill {
  readonly lifeMs: number;
  /** Then the life ends when this is true, where that is known. */
  readonly until: (() => Promise<boolean>) | undefined;
}

async function killed(verb: 'index' | 'repair', { lifeMs, until }: Kill): Promise<void> {
  const writer: ChildProcess = spawn(process.execPath, [MAIN, ...words(verb)], {
    env: productEnvironment(),
    stdio: 'ignore',
  });
  const ended = once(writer, 'exit');
  if (until !== undefined) {
    while (writer.exitCode === null && !(await until())) await nextLook();
    writer.kill('SIGKILL');
    await ended;
    return;
  }
  const timer = setTimeout(() => writer.kill('SIGKILL'), lifeMs);
  await ended;
  clearTimeout(timer);
}

/** The lease of a writer that was killed before says so too, and then this one is killed as it starts. */
async function isWriting(): Promise<boolean> {
  return (await statesOf()).includes('index_rebuilding');
}

const nextLook = () => new Promise((resolve) => setTimeout(resolve, 2));

interface Seen {
  readonly state: string;
  /** Undefined: nothing was answered. */
  readonly round: number | undefined;
}

/** What both processes say and answer. A lease may run out between two looks, and then it is looked again. */
async function agreed(): Promise<Seen> {
  for (let attempt = 1; ; attempt++) {
    const before = await statesOf();
    const rounds = await Promise.all(readers.map(roundOf));
    const after = await statesOf();
    const [state = '', other] = before;
    if (state !== other || after.some((one) => one !== state)) {
      expect(attempt, `states ${before.join()} and ${after.join()}`).toBeLessThan(5);
      continue;
    }
    expect(rounds[0]).toEqual(rounds[1]);
    expect([state, rounds[0] !== undefined]).toEqual([state, state === 'ready']);
    return { state, round: rounds[0] };
  }
}

async function statesOf(): Promise<readonly string[]> {
  const answers = await Promise.all(readers.map((reader) => reader.call('get_status')));
  return answers.map(({ repositories }) => repositories[0]?.state ?? '');
}

/** The one round that every file is of. What is refused must say why, with the state that get_status tells. */
async function roundOf({ client, call }: CodeServer): Promise<number | undefined> {
  const args = { query: 'round_\\d+_end', search_type: 'regex', context_lines: 0, limit: 1000 };
  const { isError, structuredContent } = await client.callTool({
    name: 'search_code',
    arguments: { ...args, max_tokens: 20_000 },
  });
  const content = parseContent(structuredContent);
  if (isError === true) {
    expect(content).toMatchObject({ code: 'index_unavailable', readiness: { ready: false } });
    const { repositories } = await call('get_status');
    expect(repositories[0]?.ready).toBe(false);
    return undefined;
  }
  expect(content).toMatchObject({ total_found: FILES.length, complete: true });
  const rounds = new Set(content.results.map(({ matched_text: text }) => Number(/\d+/.exec(text)?.[0])));
  expect([...rounds]).toHaveLength(1);
  // Reading the symbols of a state for the first time may take longer than a query waits.
  await expect
    .poll(
      async () =>
        (await client.callTool({ name: 'lookup_symbol', arguments: { symbol: 'planted' } }))
          .structuredContent,
      { timeout: 20_000 },
    )
    .toMatchObject({ total_matches: FILES.length });
  return [...rounds][0];
}

interface Content {
  readonly results: readonly { readonly matched_text: string }[];
}

function parseContent(value: unknown): Content {
  return value as Content;
}

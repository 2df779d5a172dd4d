import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openTextIndex, type TextIndex } from './text-index.ts';
import type { TextQuery } from './text-query.ts';

const base = mkdtempSync(`${tmpdir()}/text-index-`);
const open: TextIndex[] = [];
let made = 0;

afterEach(async () => {
  await Promise.all(open.splice(0).map((index) => index.close()));
});
afterAll(() => rmSync(base, { recursive: true }));

/** Long ago, so that the times of planted files are trusted at once. */
const PAST = new Date('2020-01-01');

function write(root: string, path: string, content: string): void {
  mkdirSync(dirname(`${root}/${path}`), { recursive: true });
  writeFileSync(`${root}/${path}`, content);
}

function plant(files: Readonly<Record<string, string>>): { root: string; directory: string } {
  const place = `${base}/${made++}`;
  for (const [path, content] of Object.entries(files)) write(`${place}/tree`, path, content);
  return { root: `${place}/tree`, directory: `${place}/index` };
}

function start(place: { root: string; directory: string }): TextIndex {
  const index = openTextIndex(place);
  open.push(index);
  return index;
}

async function lines(index: TextIndex, query: TextQuery | string): Promise<string[]> {
  const { matches } = await index.search(typeof query === 'string' ? { pattern: query } : query);
  return matches.map((match) => `${match.path}:${match.line}`);
}

describe('life of an index', () => {
  test('build, search, read, list, count', async () => {
    const index = start(plant({ 'a.ts': 'one\ntwo needle\n', 'b/c.py': 'needle\n', bin: 'x\0y' }));
    await expect(index.search({ pattern: 'needle' })).rejects.toMatchObject({ code: 'index_missing' });
    expect(await index.stats()).toMatchObject({ generation: 0, files: 0 });
    expect(await index.build()).toMatchObject({
      generation: 1,
      filesRead: 3,
      filesParsed: 2,
      filesRemoved: 0,
    });
    expect(await lines(index, 'needle')).toEqual(['a.ts:2', 'b/c.py:1']);
    expect(await index.read('a.ts')).toMatchObject({
      text: 'one\ntwo needle\n',
      blob: expect.stringMatching(/^[0-9a-f]{40}$/),
    });
    await expect(index.read('nope')).rejects.toMatchObject({ code: 'unknown_file' });
    expect((await index.files()).map((file) => `${file.path} ${file.status}`)).toEqual([
      'a.ts indexed',
      'b/c.py indexed',
      'bin binary',
    ]);
    expect(await index.stats()).toMatchObject({
      files: 3,
      filesByStatus: { indexed: 2, binary: 1 },
      sourceBytes: 22,
    });
    await index.verify();
  });

  test('edits, renames, deletions and new rules are searchable when update returns', async () => {
    const place = plant({
      'a.ts': 'alpha\n',
      'dir/b.ts': 'beta\n',
      'dir/c.ts': 'gamma\n',
      'same.ts': 'alpha\n',
    });
    const index = start(place);
    await index.build();
    write(place.root, 'a.ts', 'delta\n');
    await index.update({ changed: ['a.ts'] });
    expect(await lines(index, 'delta')).toEqual(['a.ts:1']);
    expect(await lines(index, 'alpha')).toEqual(['same.ts:1']);

    renameSync(`${place.root}/dir`, `${place.root}/moved`);
    expect(await index.update({ changed: ['moved'], removed: ['dir'] })).toMatchObject({
      filesParsed: 0,
      filesRemoved: 2,
    });
    expect(await lines(index, { pattern: 'beta|gamma', syntax: 'regex' })).toEqual([
      'moved/b.ts:1',
      'moved/c.ts:1',
    ]);

    rmSync(`${place.root}/moved/c.ts`);
    await index.update({ changed: ['moved/c.ts'] });
    expect(await lines(index, 'gamma')).toEqual([]);

    write(place.root, '.gitignore', 'moved/\n');
    await index.update({ changed: ['.gitignore'] });
    expect(await lines(index, 'beta')).toEqual([]);
    await expect(index.update({ changed: ['../outside'] })).rejects.toMatchObject({ code: 'unknown_file' });
  });

  test('a second start reads nothing and parses nothing', async () => {
    const place = plant({ 'a.ts': 'alpha\n', 'b.ts': 'beta\n' });
    const first = start(place);
    await first.build();
    for (const path of ['a.ts', 'b.ts']) utimesSync(`${place.root}/${path}`, PAST, PAST);
    // The change time cannot be set back, so the build has to wait until it is no longer "just now".
    let settled = await first.build();
    while (settled.filesRead > 0) settled = await first.build();
    await first.close();
    const second = start(place);
    expect(await lines(second, 'beta')).toEqual(['b.ts:1']);
    expect(await second.build()).toMatchObject({
      filesUnchanged: 2,
      filesRead: 0,
      filesParsed: 0,
      generation: settled.generation,
    });
  });

  test('other rules make every file be read again', async () => {
    const place = plant({ 'a.ts': 'alpha\n', '.hidden': 'alpha\n' });
    const first = start(place);
    await first.build();
    await first.close();
    const second = openTextIndex({ ...place, rules: { hidden: true } });
    open.push(second);
    await second.build();
    expect(await lines(second, 'alpha')).toEqual(['.hidden:1', 'a.ts:1']);
  });

  test('many small updates are merged, and dead content leaves the disk', async () => {
    const place = plant({ 'a.ts': 'start\n' });
    const index = start(place);
    await index.build();
    for (let round = 0; round < 30; round++) {
      write(place.root, 'a.ts', `round ${round}\n`);
      await index.update({ changed: ['a.ts'] });
    }
    await expect.poll(async () => (await index.stats()).segments, { timeout: 8_000 }).toBeLessThan(10);
    expect(await lines(index, 'round')).toEqual(['a.ts:1']);
    expect(await index.stats()).not.toHaveProperty('mergeFailure');
  });
});

describe('several handles', () => {
  test('one writes, all see it; the second writer is told', async () => {
    const place = plant({ 'a.ts': 'alpha\n' });
    const writer = start(place);
    await writer.build();
    const reader = start(place);
    expect(await lines(reader, 'alpha')).toEqual(['a.ts:1']);
    write(place.root, 'b.ts', 'alpha\n');
    await expect(reader.build()).rejects.toMatchObject({ code: 'index_locked' });
    await writer.update({ changed: ['b.ts'] });
    expect(await lines(reader, 'alpha')).toEqual(['a.ts:1', 'b.ts:1']);
    await writer.close();
    await expect(reader.build()).resolves.toMatchObject({ filesParsed: 0 });
    await expect(writer.search({ pattern: 'x' })).rejects.toMatchObject({ code: 'index_closed' });
  });
});

describe('searches', () => {
  let index: TextIndex;
  const place = plant({
    'hostile.txt': [
      'a'.repeat(5000),
      `${'a'.repeat(5000)}!`,
      `${'ab'.repeat(3000)}c`,
      `${'x'.repeat(4000)}y`,
      '1'.repeat(4000),
      ' '.repeat(4000),
    ].join('\n'),
    'code.ts': 'const value = 1;\n'.repeat(2000),
  });

  beforeAll(async () => {
    index = openTextIndex(place);
    await index.build();
    // What the times are about is the pattern, not the compiler of the runtime warming up.
    for (const pattern of REDOS) await index.search({ pattern, syntax: 'regex' });
  });
  afterAll(() => index.close());

  const REDOS = [
    '(a+)+$',
    '([a-zA-Z]+)*$',
    '(a|aa)+$',
    '(a|a?)+$',
    '(.*a){20}$',
    '^(a+)+b',
    '(x+x+)+y',
    '(a*)*b',
    '(a|b|ab)*c$',
    '^(([a-z])+.)+[A-Z]([a-z])+$',
    '(\\d+)+x',
    '(\\w+\\s?)*!$',
    '(?:a?){30}a{30}',
    '(.*)(.*)(.*)(.*)z$',
    '(\\s*)*x$',
    '((a+)+)+$',
    '^(a?){50}a{50}$',
    '([ab]+)*d',
    '.*.*.*=.*',
    '(a{1,30}){1,30}b',
  ];

  test.each(REDOS)('%s ends within 50 ms', { timeout: 20_000 }, async (pattern) => {
    const times: number[] = [];
    for (let run = 0; run < 5; run++) {
      const answer = await index.search({ pattern, syntax: 'regex' });
      expect(answer.complete).toBe(true);
      times.push(answer.elapsedMs);
    }
    // The best of five: the machine that runs the tests may be busy with something else.
    expect(Math.min(...times)).toBeLessThan(50);
  });

  test('a bad pattern is an error with a code and a position', async () => {
    await expect(index.search({ pattern: '(?=a)', syntax: 'regex' })).rejects.toMatchObject({
      code: 'unsupported_pattern',
      position: 2,
    });
    await expect(index.search({ pattern: '(', syntax: 'regex' })).rejects.toMatchObject({
      code: 'invalid_pattern',
    });
  });

  test('a search ends at its deadline and tells so', async () => {
    const late = await index.search({ pattern: '.', syntax: 'regex' }, { deadlineMs: 0 });
    expect(late).toMatchObject({ complete: false, incompleteReason: 'deadline' });
  });

  test('a long search keeps no short one waiting, and can be aborted', { timeout: 20_000 }, async () => {
    let state = 1;
    const noise = Array.from({ length: 900_000 }, () => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return state & 0x10000 ? 'a' : 'b';
    }).join('');
    const busy = start(plant({ 'big.txt': noise, 'small.ts': 'needle\n' }));
    await busy.build();
    const controller = new AbortController();
    let ended = false;
    // Every byte leads to a state not seen before, which is the slowest this engine gets.
    const long = busy.search(
      { pattern: '[ab]*a[ab]{400}c', syntax: 'regex' },
      { signal: controller.signal, deadlineMs: 15_000 },
    );
    const aborted = expect(
      long.finally(() => {
        ended = true;
      }),
    ).rejects.toMatchObject({ code: 'aborted' });
    expect(await lines(busy, 'needle')).toEqual(['small.ts:1']);
    expect(ended).toBe(false);
    controller.abort();
    await aborted;
    await expect(busy.search({ pattern: 'a' }, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'aborted',
    });
  });
});

describe('damage', () => {
  test('a cut segment is reported, not served', async () => {
    const place = plant({ 'a.ts': 'alpha\n' });
    const first = start(place);
    await first.build();
    await first.close();
    const segment = readdirSync(place.directory).find((name) => name.endsWith('.segment')) ?? '';
    truncateSync(`${place.directory}/${segment}`, 20);
    await expect(start(place).search({ pattern: 'alpha' })).rejects.toMatchObject({ code: 'index_corrupt' });
  });

  const WRITER = `
    import { openTextIndex } from ${JSON.stringify(new URL('./text-index.ts', import.meta.url).href)};
    import { writeFileSync } from 'node:fs';
    const [root, directory, files] = process.argv.slice(1);
    const index = openTextIndex({ root, directory });
    const names = Array.from({ length: Number(files) }, (_, at) => 'f' + at + '.txt');
    for (let round = 1; ; round++) {
      for (const name of names) writeFileSync(root + '/' + name, name + ' holds round_' + round + '_end\\n');
      await (round % 3 === 0 ? index.build() : index.update({ changed: names }));
      console.log(round);
    }
  `;

  test('a writer killed at any point leaves one whole state, the last one or the one before', {
    timeout: 60_000,
  }, async () => {
    const files = 20;
    const place = plant({ 'f0.txt': 'first\n' });
    const first = start(place);
    await first.build();
    await first.close();
    for (const lifeMs of [150, 400, 700]) {
      const writer = spawn(
        process.execPath,
        ['--input-type=module', '-e', WRITER, place.root, place.directory, String(files)],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      let announced = 0;
      writer.stdout.on('data', (data: Buffer) => {
        announced = Number(data.toString().trim().split('\n').at(-1));
      });
      await once(writer.stdout, 'data');
      const timer = setTimeout(() => writer.kill('SIGKILL'), lifeMs);
      await once(writer, 'close');
      clearTimeout(timer);
      const index = openTextIndex(place);
      const answer = await index.search({ pattern: 'round_\\d+_end', syntax: 'regex' });
      const rounds = new Set(answer.matches.map((match) => /round_(\d+)/.exec(match.text)?.[1]));
      expect(answer.matches).toHaveLength(files);
      expect(rounds.size).toBe(1);
      expect([announced, announced + 1]).toContain(Number([...rounds][0]));
      await index.verify();
      // The next writer takes over the dead one's lock, cleans up, and catches up with the tree.
      const named = (suffix: string) => readdirSync(place.directory).filter((name) => name.endsWith(suffix));
      const unfinished = named('.tmp');
      await index.build();
      // A merge may be writing a file of its own by now; what the dead writer left is gone.
      expect(named('.tmp').filter((name) => unfinished.includes(name))).toEqual([]);
      await expect.poll(async () => named('.segment').length - (await index.stats()).segments).toBe(0);
      await index.close();
    }
  });
});

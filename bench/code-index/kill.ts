// Kills a writer at random points of building, updating and merging, and checks after each kill that two readers
// see one and the same whole state, that it is the last one announced or the one after, and that a new writer
// takes over. Exits 1 at the first violation.
//
//   node bench/code-index/kill.ts [kills, default 20] [files, default 400]

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { openTextIndex, type TextIndex } from '../../src/packs/code/index/text-index.ts';

const [kills = '20', files = '400'] = process.argv.slice(2);
const LIFE_MS_MAX = 3_000;

const work = mkdtempSync(`${tmpdir()}/code-index-kill-`);
const root = `${work}/tree`;
const directory = `${work}/index`;
mkdirSync(root);

/** Writes the same round into every file, by one update or one build, for ever. */
const WRITER = `
  import { writeFileSync } from 'node:fs';
  import { openTextIndex } from ${JSON.stringify(new URL('../../src/packs/code/index/text-index.ts', import.meta.url).href)};
  const [root, directory, files, first] = process.argv.slice(1);
  const index = openTextIndex({ root, directory });
  const names = Array.from({ length: Number(files) }, (_, at) => 'f' + at + '.txt');
  for (let round = Number(first); ; round++) {
    const filler = ('line of round ' + round + '\\n').repeat(200);
    for (const name of names) writeFileSync(root + '/' + name, name + ' holds round_' + round + '_end\\n' + filler);
    await (round % 2 === 0 ? index.build() : index.update({ changed: names }));
    process.stdout.write(round + '\\n');
  }
`;

let announced = 0;
try {
  for (let kill = 1; kill <= Number(kills); kill++) {
    const lifeMs = Math.floor(Math.random() * LIFE_MS_MAX);
    // Every other life is counted from the writer's first state, so that updates and merges are hit as well.
    await runWriter(lifeMs, kill % 2 === 0);
    const round = await checkReaders();
    console.log(`kill ${kill} after ${lifeMs} ms: round ${round} of ${announced} announced, whole`);
    announced = round;
  }
} finally {
  rmSync(work, { recursive: true });
}

async function runWriter(lifeMs: number, afterFirst: boolean): Promise<void> {
  const parameters = [root, directory, files, String(announced + 1)];
  const writer = spawn(process.execPath, ['--input-type=module', '-e', WRITER, ...parameters], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  writer.stdout.on('data', (data: Buffer) => {
    announced = Number(data.toString().trim().split('\n').at(-1));
  });
  if (afterFirst) await once(writer.stdout, 'data');
  const timer = setTimeout(() => writer.kill('SIGKILL'), lifeMs);
  await once(writer, 'close');
  clearTimeout(timer);
}

/** The round that both readers see; 0 before the first state. */
async function checkReaders(): Promise<number> {
  const readers = [openTextIndex({ root, directory }), openTextIndex({ root, directory })];
  try {
    const rounds = await Promise.all(readers.map(roundOf));
    if (rounds[0] !== rounds[1]) throw new Error(`two readers see ${rounds.join(' and ')}`);
    const round = rounds[0] ?? 0;
    if (round !== announced && round !== announced + 1)
      throw new Error(`round ${round}, but ${announced} was announced`);
    if ((await readers[0]?.stats())?.generation !== 0) await readers[0]?.verify();
    await checkTakeOver(readers[0] as TextIndex, round);
    return round;
  } finally {
    await Promise.all(readers.map((reader) => reader.close()));
  }
}

async function roundOf(index: TextIndex): Promise<number> {
  if ((await index.stats()).generation === 0) return 0;
  const { matches, complete } = await index.search(
    { pattern: 'round_\\d+_end', syntax: 'regex' },
    { limit: 1e6 },
  );
  if (!complete) throw new Error('incomplete answer');
  const rounds = new Set(matches.map((match) => Number(/round_(\d+)_end/.exec(match.text)?.[1])));
  if (rounds.size > 1 || (rounds.size === 1 && matches.length !== Number(files)))
    throw new Error(`half a state: rounds ${[...rounds].join()}, ${matches.length} files`);
  return [...rounds][0] ?? 0;
}

/** A new writer gets the lock of the dead one, makes the tree whole again, and leaves no orphans. */
async function checkTakeOver(index: TextIndex, round: number): Promise<void> {
  for (let at = 0; at < Number(files); at++)
    writeFileSync(`${root}/f${at}.txt`, `f${at}.txt holds round_${round}_end\n`);
  await index.build();
  const { segments, generation } = await index.stats();
  const names = readdirSync(directory);
  const kept = names.filter((name) => name.endsWith('.segment')).length;
  if (kept !== segments || names.some((name) => name.endsWith('.tmp')))
    throw new Error(`orphans at generation ${generation}: ${names.join()}`);
}

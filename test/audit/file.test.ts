// The audit file over rotations, restarts and several processes: no line is lost, and the chain goes through.
import {
  appendFileSync,
  existsSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { verifyFile } from '../../src/gate/audit/verify/verify-file.ts';
import { createSampleLog, type SampleLog, sampleEntry } from './sample-log.ts';

const made: SampleLog[] = [];

function sampleLog(): SampleLog {
  const sample = createSampleLog();
  made.push(sample);
  return sample;
}

afterEach(() => {
  for (const sample of made.splice(0)) sample.remove();
});

/** About 90 records in files of 8 KiB, for two tenants; `maxFiles` of the rotated ones stay. */
async function rotated(maxFiles: number): Promise<SampleLog> {
  const sample = sampleLog();
  const log = await sample.open({ maxBytes: 8192, maxFiles });
  for (let index = 0; index < 90; index++) {
    log.record(sampleEntry(index, index % 2 === 0 ? 'a' : 'b'));
    if (index % 10 === 0) await log.flush();
  }
  await log.close();
  return sample;
}

const linesOf = (path: string) => readFileSync(path, 'utf8').trimEnd().split('\n');

test('P22: rotation loses no line, keeps every file below its size and the chain whole', async () => {
  const sample = await rotated(50);
  const files = [sample.file];
  for (let index = 1; existsSync(`${sample.file}.${index}`); index++) files.push(`${sample.file}.${index}`);
  expect(files.length).toBeGreaterThan(5);
  for (const file of files)
    expect([statSync(file).size <= 8192, statSync(file).mode & 0o777]).toEqual([true, 0o600]);
  expect(verifyFile(sample.file, sample.signer)).toMatchObject({ records: 90, chains: 2, findings: [] });
});

test('P22: only maxFiles rotated files stay, and what is left verifies from its first header on', async () => {
  const sample = await rotated(3);
  expect([3, 4].map((index) => existsSync(`${sample.file}.${index}`))).toEqual([true, false]);
  const report = verifyFile(sample.file, sample.signer);
  expect(report.findings).toEqual([]);
  expect(report.records).toBeLessThan(60);
});

test('P22 G9: a rotated file that is gone, cut, or begins with another line is found', async () => {
  const findings = async (attack: (file: string) => void) => {
    const sample = await rotated(50);
    attack(sample.file);
    return verifyFile(sample.file, sample.signer).findings.length;
  };
  expect(await findings((file) => rmSync(`${file}.2`))).toBeGreaterThan(0);
  expect(
    await findings((file) => {
      let oldest = 1;
      while (existsSync(`${file}.${oldest + 1}`)) oldest++;
      rmSync(`${file}.${oldest}`);
    }),
  ).toBeGreaterThan(0);
  expect(await findings((file) => truncateSync(`${file}.2`, 3000))).toBeGreaterThan(0);
  expect(
    await findings((file) => writeFileSync(`${file}.2`, `${linesOf(`${file}.2`).slice(0, -1).join('\n')}\n`)),
  ).toBeGreaterThan(0);
  expect(
    await findings((file) => writeFileSync(`${file}.2`, `${linesOf(`${file}.2`).slice(1).join('\n')}\n`)),
  ).toBeGreaterThan(0);
  expect(await findings((file) => appendFileSync(file, `${linesOf(file).at(-1)}\n`))).toBeGreaterThan(0);
  expect(await findings((file) => rmSync(`${file}.state`))).toBeGreaterThan(0);
  expect(await findings(() => undefined)).toBe(0);
});

test('P22: a restart goes on in the same file, and adds what the file lacks from the table', async () => {
  const sample = sampleLog();
  const first = await sample.open();
  for (let index = 0; index < 10; index++) first.record(sampleEntry(index));
  await first.close();
  // As after a crash: the last lines had reached the table only, and one of them the file in part.
  const text = readFileSync(sample.file, 'utf8');
  const lines = text.trimEnd().split('\n');
  writeFileSync(sample.file, `${lines.slice(0, 6).join('\n')}\n${lines[6]?.slice(0, 40)}`);
  const second = await sample.open();
  for (let index = 10; index < 15; index++) second.record(sampleEntry(index));
  await second.close();
  expect(linesOf(sample.file).slice(0, 11)).toEqual(lines);
  expect(verifyFile(sample.file, sample.signer)).toMatchObject({ records: 15, chains: 2, findings: [] });
});

test('P22: two processes on one folder write two files, and the table holds both chains', async () => {
  const sample = sampleLog();
  // A lock of a living process that is not this one.
  const first = await sample.open();
  writeFileSync(`${sample.file}.lock`, String(process.ppid));
  const second = await sample.open();
  await Promise.all([first.commit(sampleEntry(1)), second.commit(sampleEntry(2))]);
  await Promise.all([first.close(), second.close()]);
  const other = sample.file.replace('audit.log', 'audit-2.log');
  for (const file of [sample.file, other])
    expect([file, verifyFile(file, sample.signer)]).toEqual([
      file,
      expect.objectContaining({ records: 1, findings: [] }),
    ]);
});

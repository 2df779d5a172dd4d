// Two versions of one definition that are served beside each other.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadDefinitions } from '../../src/definition/load.ts';
import { TEST_OPTIONS } from './load-fixture.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quayside-rollout-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const ROLLOUT = 'rollout: { stable: 1.0.0, canary: 1.1.0 }\n';
const version = (number: string, more = '') => `name: shop\nversion: ${number}\n${more}`;

async function load(files: Readonly<Record<string, string>>, purpose: 'serve' | 'validate' = 'serve') {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const { definitions, errors, warnings } = await loadDefinitions(folder, { ...TEST_OPTIONS, purpose });
  const shown = ({ file, rule, message }: (typeof errors)[number]) => `${file.slice(-6)} ${rule}: ${message}`;
  return {
    roles: definitions.map(({ definition, version: role }) => [
      definition.version,
      definition.default,
      role?.role,
    ]),
    rollouts: definitions.map(({ definition }) => definition.rollout),
    problems: definitions.map(({ version: role }) => role?.canaryProblems?.map(({ message }) => message)),
    errors: errors.map(shown),
    warnings: warnings.map(shown),
  };
}

test('P27: two versions of one slug are a pair; the stable one is the server, both carry the rollout', async () => {
  for (const [stable, canary] of [
    [ROLLOUT, ''],
    ['', ROLLOUT],
    [ROLLOUT, ROLLOUT],
  ]) {
    const { roles, rollouts, errors } = await load({
      'a.yaml': version('1.1.0', canary),
      'b.yaml': version('1.0.0', stable),
    });
    expect(errors).toEqual([]);
    expect(roles).toEqual([
      ['1.0.0', true, 'stable'],
      ['1.1.0', false, 'canary'],
    ]);
    expect(rollouts[0]).toEqual(rollouts[1]);
    expect(rollouts[0]).toEqual({
      stable: '1.0.0',
      canary: '1.1.0',
      stages: [5, 25, 50, 100],
      stageMinutes: 15,
      sticky: 'principal',
      analysis: { interval: 60, minRequests: 20, minSuccess: 99, maxP95Ms: 500, threshold: 5 },
      auto: true,
    });
  }
});

test('P27: without a rollout, or with one of other versions, two definitions of one slug are a mistake', async () => {
  expect((await load({ 'a.yaml': version('1.0.0'), 'b.yaml': version('1.1.0') })).errors).toEqual([
    expect.stringMatching(/^b\.yaml duplicate: The slug 'shop' is also that/),
  ]);
  expect((await load({ 'a.yaml': version('1.0.0', ROLLOUT), 'b.yaml': version('1.2.0') })).errors).toEqual([
    expect.stringMatching(/^b\.yaml duplicate/),
  ]);
});

test('P27: a canary that cannot be served is left out and says why; it does not keep the stable one from starting', async () => {
  const broken = await load({
    'a.yaml': version('1.0.0', ROLLOUT),
    'b.yaml': version('1.1.0', 'colour: red\n'),
  });
  expect([broken.errors, broken.roles]).toEqual([[], [['1.0.0', true, 'stable']]]);
  expect(broken.problems).toEqual([["The key 'colour' is not known here."]]);
  expect(broken.warnings).toEqual(["b.yaml unknown-key: The key 'colour' is not known here."]);
  const validated = await load({}, 'validate');
  expect(validated.errors).toEqual(["b.yaml unknown-key: The key 'colour' is not known here."]);
});

test('P27: a canary that is not there, or lets in other callers, is no canary', async () => {
  const missing = await load({ 'a.yaml': version('1.0.0', ROLLOUT) });
  expect([missing.errors, missing.problems]).toEqual([
    [],
    [['There is no definition of the version 1.1.0 with this slug.']],
  ]);
  const other = await load({ 'b.yaml': version('1.1.0', 'security: { ipWhitelist: ["192.0.2.1"] }\n') });
  expect([other.errors, other.problems]).toEqual([
    [],
    [['security differs from that of the stable version.']],
  ]);
});

test('P27: a canary without its stable version, and a rollout that contradicts itself, are refused', async () => {
  expect((await load({ 'a.yaml': version('1.1.0', ROLLOUT) })).errors).toEqual([
    'a.yaml rollout: There is no definition of the version 1.0.0 with this slug.',
  ]);
  const errorsOf = async (rollout: string) =>
    (await load({ 'a.yaml': version('1.0.0', `rollout: { stable: 1.0.0, ${rollout} }\n`) })).errors;
  expect(await errorsOf('canary: 1.0.0')).toEqual(['a.yaml rollout: Both versions are the same.']);
  expect(await errorsOf('canary: 1.1.0, stages: [50, 25, 100]')).toEqual([
    'a.yaml rollout: The stages do not grow.',
  ]);
  expect(await errorsOf('canary: 1.1.0, stages: [5, 50]')).toEqual([
    'a.yaml rollout: The last stage is not 100.',
  ]);
  expect((await load({ 'a.yaml': version('2.0.0', ROLLOUT) })).errors).toEqual([
    'a.yaml rollout: This definition has the version 2.0.0, which is neither stable nor canary.',
  ]);
});

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { createKeptLog } from '../../test/support/kept-log.ts';
import { createMetrics } from '../telemetry/metrics/metrics.ts';
import { createRedactor } from '../telemetry/redact.ts';
import { collectDiagnostics, type DiagnosticsDeps, dumpDiagnostics } from './diagnostics.ts';
import { createHealth } from './health/health.ts';
import { createLifecycle } from './lifecycle.ts';

function setUp(over: Partial<DiagnosticsDeps> = {}) {
  const clock = createFakeClock();
  const { log } = createKeptLog();
  const nothing = () => Promise.resolve();
  const delay = { p50Ms: 0, p99Ms: 1, maxMs: 2 };
  const deps: DiagnosticsDeps = {
    clock,
    build: { version: '1.2.3', commit: 'abc', node: process.version },
    health: createHealth({ clock, log }),
    lifecycle: createLifecycle({
      clock,
      log,
      inFlight: () => 0,
      steps: {
        stopAccepting: nothing,
        stopListening: nothing,
        resumeAccepting: nothing,
        close: nothing,
        flush: nothing,
      },
    }),
    metrics: createMetrics({ clean: (value) => value, nodeMetrics: false }),
    log,
    redactor: createRedactor(),
    eventLoop: { current: () => delay, sinceLastCheck: () => delay, stop: () => undefined },
    configuration: () => ({}),
    activeRequests: () => [],
    pools: () => ({}),
    ...over,
  };
  return { clock, log, deps };
}

test('P64: the document holds the whole configuration, without its secrets', async () => {
  const tools = Array.from({ length: 300 }, (_, index) => ({
    name: `tool-${index}`,
    headers: { 'x-api-key': 'hunter2' },
  }));
  const { deps } = setUp({
    configuration: () => ({ tools }),
    activeRequests: () => [{ url: 'http://u:hunter2@h/' }],
  });
  const text = JSON.stringify(await collectDiagnostics(deps));
  expect(text).toContain('tool-299');
  expect(text).not.toContain('hunter2');
});

test('the newest warnings are in it, in order', async () => {
  const { deps, log } = setUp();
  for (let index = 0; index < 600; index++) log.warn({ index }, 'w');
  const { recent_warnings } = await collectDiagnostics(deps);
  expect(recent_warnings).toHaveLength(500);
  expect(recent_warnings).toMatchObject({ 0: { index: 100 }, 499: { index: 599 } });
});

test('the environment is not in it', async () => {
  process.env.QUAYSIDE_TEST_PLANTED = 'planted-in-the-environment';
  const { deps } = setUp();
  expect(JSON.stringify(await collectDiagnostics(deps))).not.toContain('planted-in-the-environment');
  delete process.env.QUAYSIDE_TEST_PLANTED;
});

test('what would make it larger than 20 MB is left out and named', async () => {
  const pools = () => ({ texts: Array.from({ length: 3000 }, () => 'x'.repeat(8000)) });
  const { deps } = setUp({ pools });
  const document = await collectDiagnostics(deps);
  expect(document.pools).toMatch(/left out/);
  expect(JSON.stringify(document).length).toBeLessThan(20e6);
});

test('a signal in a loop does not fill the disk', async () => {
  const { deps, clock } = setUp();
  const directory = mkdtempSync(join(tmpdir(), 'quayside-dump-'));
  for (let index = 0; index < 25; index++) {
    await dumpDiagnostics(deps, directory);
    clock.step(1000);
  }
  const names = readdirSync(directory).sort();
  expect(names).toHaveLength(20);
  expect(names.at(-1)).toBe('2026-11-20T00-00-24.000Z.json');
  rmSync(directory, { recursive: true });
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRedactor } from '../redact.ts';
import { createLog, type LogOptions } from './service-log.ts';
import type { LogTarget } from './target.ts';

function memoryTarget(): LogTarget & { readonly text: () => string; readonly lines: () => unknown[] } {
  let text = '';
  return {
    write(line) {
      text += line;
    },
    flush: () => Promise.resolve(),
    flushSync: () => undefined,
    reopen: () => undefined,
    problem: () => undefined,
    text: () => text,
    lines: () =>
      text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line)),
  };
}

function logWith(options: Partial<LogOptions> = {}) {
  const target = memoryTarget();
  const log = createLog({ target, redactor: createRedactor(), ...options });
  return { log, target };
}

test('P62: a line is one JSON object with the fields of the specification', () => {
  const { log, target } = logWith();
  log.error({ request_id: 'r1', error: new RangeError('too far') }, 'call failed');
  expect(target.lines()).toEqual([
    {
      level: 'error',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      service: 'quayside',
      request_id: 'r1',
      error: { type: 'RangeError', message: 'too far', stack: expect.stringContaining('RangeError') },
      message: 'call failed',
    },
  ]);
});

test('P62: whatever a caller sends, a line stays one line that parses', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.jsonValue(), (text, data) => {
      const { log, target } = logWith();
      log.info({ text, data, [text]: 1 }, text);
      log.prepare({ tool: text }).write('info', { request_id: text, duration_ms: 1 }, 'call');
      expect(target.lines()).toHaveLength(2);
    }),
    { numRuns: 200 },
  );
});

test('P62: injected lines, controls and terminal codes arrive escaped', () => {
  const { log, target } = logWith();
  log.info({ path: '/x\n{"level":"critical","message":"forged"}' }, 'a\r\nb\u001b[31mc\u2028');
  expect(target.lines()).toHaveLength(1);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: none of these may reach a terminal.
  expect(target.text().slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028]/);
});

test('a field cannot take the place of what the line says by itself', () => {
  const { log, target } = logWith();
  log.info({ level: 'critical', message: 'forged', timestamp: 0, service: 'other', err: 'e' }, 'true');
  expect(target.lines()).toEqual([
    expect.objectContaining({
      level: 'info',
      message: 'true',
      service: 'quayside',
      level_: 'critical',
      error: 'e',
    }),
  ]);
});

test('P62: planted secrets are in no line', () => {
  const redactor = createRedactor();
  redactor.addSecrets(['from-the-environment']);
  const { log, target } = logWith({ redactor });
  const child = log.child({ authorization: 'Bearer abcdefghijk', component: 'x' });
  child.info(
    { deep: { list: [{ apiKey: 'hunter2' }] }, url: 'http://u:hunter2@h/' },
    'is from-the-environment',
  );
  child.error({ error: new Error('token=hunter2') }, 'qs_0123456789abcdef');
  log.prepare({ note: 'from-the-environment' }).write('info', {}, 'call');
  expect(target.lines()).toHaveLength(3);
  for (const secret of ['hunter2', 'from-the-environment', 'abcdefghijk', 'qs_0123456789abcdef']) {
    expect(target.text()).not.toContain(secret);
  }
});

test('levels change while the process runs, for all or for one component, prepared lines included', () => {
  const { log, target } = logWith({ level: 'warning', componentLevels: { egress: 'debug' } });
  const egress = log.child({ component: 'egress' });
  const line = log.prepare({ tool: 't' });
  log.info({}, 'no');
  egress.debug({}, 'yes 1');
  expect(line.enabled('info')).toBe(false);
  expect(log.levels.set('debug')).toBe('warning');
  log.debug({}, 'yes 2');
  expect(line.enabled('info')).toBe(true);
  expect(log.levels.set('error', 'egress')).toBe('debug');
  egress.warn({}, 'no');
  log.levels.set(undefined, 'egress');
  egress.debug({}, 'yes 3');
  expect(target.lines().map((each) => (each as { message: string }).message)).toEqual([
    'yes 1',
    'yes 2',
    'yes 3',
  ]);
});

test('MCP_SILENT_LOGGER mutes what handlers log and nothing else', () => {
  const { log, target } = logWith({ silentHandlers: true });
  log.child({ component: 'handler' }).critical({}, 'no');
  log.info({}, 'yes');
  expect(target.lines()).toHaveLength(1);
});

test('fields of a child stand in each line, and the newest value of a name wins', () => {
  const { log, target } = logWith();
  log.child({ tool: 'a', slug: 's' }).child({ tool: 'b' }).info({ slug: 't' }, 'x');
  expect(target.text().match(/"tool"/g)).toHaveLength(1);
  expect(target.lines()).toEqual([expect.objectContaining({ tool: 'b', slug: 't' })]);
});

test('errors also go to their own file, as JSON, and warnings are remembered', () => {
  const errorFile = memoryTarget();
  const file = memoryTarget();
  const { log, target } = logWith({ format: 'pretty', file, errorFile });
  log.info({ a: 1 }, 'one');
  log.notice({}, 'two');
  log.warn({}, 'three');
  log.critical({ b: 'x y' }, 'four');
  expect(file.lines()).toHaveLength(4);
  expect(errorFile.lines()).toEqual([expect.objectContaining({ level: 'critical', message: 'four' })]);
  expect(target.text()).toMatch(/^\d\d:\d\d:\d\d\.\d{3} INFO {5}one a=1\n/);
  expect(target.text()).toContain('CRITICAL four b="x y"');
  expect(log.recentWarnings().map((line) => JSON.parse(line).message)).toEqual(['three', 'four']);
});

test('journald gets the priority of each line in front of it', () => {
  const { log, target } = logWith({ journal: true, level: 'debug' });
  log.debug({}, 'a');
  log.error({}, 'b');
  log.prepare({}).write('notice', {}, 'c');
  expect(
    target
      .text()
      .split('\n')
      .map((line) => line.slice(0, 4)),
  ).toEqual(['<7>{', '<3>{', '<5>{', '']);
});

test('the newest 500 warnings are kept, oldest first', () => {
  const { log } = logWith();
  for (let index = 0; index < 1234; index++) log.warn({ index }, 'w');
  const kept = log.recentWarnings().map((line) => JSON.parse(line).index);
  expect(kept).toHaveLength(500);
  expect([kept[0], kept.at(-1)]).toEqual([734, 1233]);
});

test('a line of a call costs microseconds', () => {
  const { log } = logWith({ target: { ...memoryTarget(), write: () => undefined } });
  const line = log.prepare({ method: 'tools/call', path: '/mcp/shop', tool: 'find' });
  const fields = {
    request_id: '0192f0c1-aaaa',
    tenant_id: 'default',
    principal: 'ci',
    status_code: 200,
    duration_ms: 1.25,
  };
  const rounds = Array.from({ length: 7 }, () => {
    const startedAt = performance.now();
    for (let index = 0; index < 20_000; index++) line.write('info', fields, 'call');
    return ((performance.now() - startedAt) / 20_000) * 1000;
  });
  // Measured at 0.7 µs; the bound leaves room for coverage counters and a busy machine.
  expect(Math.min(...rounds)).toBeLessThan(10);
});

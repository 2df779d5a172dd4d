import { expect, test } from 'vitest';
import { createKeptLog } from '../../../test/support/kept-log.ts';
import { createConsoleExporter } from './console-exporter.ts';

test('a span is one line', async () => {
  const { log, lines } = createKeptLog();
  const exporter = createConsoleExporter(log);
  exporter.add({
    name: 'tools/list',
    traceId: 't',
    spanId: 's',
    startedAt: 1,
    endedAt: 3.5,
    attributes: { a: 1 },
    links: [],
  });
  await exporter.flush();
  await exporter.close();
  expect(lines).toEqual([
    expect.objectContaining({
      message: 'span',
      name: 'tools/list',
      trace_id: 't',
      span_id: 's',
      duration_ms: 2.5,
    }),
  ]);
});

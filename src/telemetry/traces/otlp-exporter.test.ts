import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import type { Log } from '../log.ts';
import { createOtlpExporter } from './otlp-exporter.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function receiver(status = 200): Promise<{ readonly url: string; readonly bodies: string[] }> {
  const bodies: string[] = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      if (request.url === '/v1/traces') bodies.push(body);
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`, bodies };
}

function fakeLog(): Log {
  const log: Log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn(), child: () => log };
  return log;
}

const span = {
  name: 'tools/call find',
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  parentSpanId: 'c7ad6b7169203331',
  tracestate: 'vendor=1',
  startedAt: 1_700_000_000_000.25,
  endedAt: 1_700_000_000_001.5,
  attributes: { 'mcp.method.name': 'tools/call', 'error.type': 'tool_error' },
  errorMessage: '',
  links: [{ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }],
};

function exporterFor(url: string, log: Log = fakeLog()) {
  return createOtlpExporter({
    url,
    serviceName: 'quayside',
    serviceVersion: '1.2.3',
    environment: 'staging',
    log,
  });
}

test('P63: a collector receives the span with its place in the trace', async () => {
  const { url, bodies } = await receiver();
  const exporter = exporterFor(url);
  // Before the SDK is there: nothing of the start is lost.
  exporter.add(span);
  await exporter.close();
  expect(bodies).toHaveLength(1);
  const [resourceSpans] = JSON.parse(bodies[0] ?? '').resourceSpans;
  expect(JSON.stringify(resourceSpans.resource)).toContain('"stringValue":"staging"');
  expect(resourceSpans.scopeSpans[0].spans).toEqual([
    expect.objectContaining({
      traceId: span.traceId,
      spanId: span.spanId,
      parentSpanId: span.parentSpanId,
      traceState: 'vendor=1',
      name: 'tools/call find',
      kind: 2,
      startTimeUnixNano: '1700000000000250000',
      endTimeUnixNano: '1700000000001500000',
      status: expect.objectContaining({ code: 2 }),
      links: [expect.objectContaining({ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) })],
    }),
  ]);
});

test('a collector that refuses is told of once, and holds nothing up', async () => {
  const { url } = await receiver(400);
  const log = fakeLog();
  const exporter = exporterFor(url, log);
  exporter.add(span);
  await exporter.flush();
  exporter.add(span);
  await exporter.flush();
  await exporter.close();
  expect(log.warn).toHaveBeenCalledTimes(1);
});

// spec servers N4 as properties: whatever the value, the request has the shape that the author wrote.
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { callWith, createTestEgress, prepareHttpTool } from './http-tool.ts';
import { startLocalServer } from './local-server.ts';

const server = await startLocalServer();
const egress = createTestEgress();
afterAll(async () => {
  await egress.close();
  await server.close();
});

/** Values that were seen to break out of URLs, headers or bodies, mixed with any Unicode. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.stringMatching(/^[./\\%25eE?#&=;@:${}"'<>\r\n0-9a-z]{0,30}$/),
  fc.constantFrom('..', '%2e%2e', '..%2f', '${args.y}', '$${', 'a\r\nb', '//evil', '\\\\evil'),
);
const RUNS = { numRuns: 300 };

test('P05: an argument stays one path segment, one query value and one JSON value', async () => {
  const tool = prepareHttpTool(
    {
      url: `${server.url}/v1/\${args.x}/end?q=\${args.x}&fixed=1`,
      method: 'POST',
      body: { v: '${args.x}', t: '[${args.x}]' },
    },
    { egress },
  );
  await fc.assert(
    fc.asyncProperty(hostile, async (x) => {
      server.seen.length = 0;
      const result = await tool.run(callWith({ x, y: 'never' }));
      if (result.isError === true) {
        expect(server.seen).toEqual([]);
        return;
      }
      const [seen] = server.seen;
      const url = new URL(seen?.target ?? '', server.url);
      const segments = url.pathname.split('/');
      expect(segments).toHaveLength(4);
      expect([segments[1], segments[3]]).toEqual(['v1', 'end']);
      expect(decodeURIComponent(segments[2] ?? '')).toBe(x);
      expect([...url.searchParams]).toEqual([
        ['q', x],
        ['fixed', '1'],
      ]);
      expect(JSON.parse(seen?.body ?? '')).toEqual({ v: x, t: `[${x}]` });
    }),
    RUNS,
  );
});

test('P05: an argument stays one header and one form value', async () => {
  const tool = prepareHttpTool(
    {
      url: server.url,
      method: 'POST',
      headers: { 'X-Value': '-${args.x}-', 'Content-Type': 'application/x-www-form-urlencoded' },
      body: 'a=${args.x}&b=1',
    },
    { egress },
  );
  const known = new Set([
    'x-value',
    'content-type',
    'content-length',
    'accept',
    'accept-encoding',
    'user-agent',
    'host',
    'connection',
  ]);
  await fc.assert(
    fc.asyncProperty(hostile, async (x) => {
      server.seen.length = 0;
      const result = await tool.run(callWith({ x }));
      if (result.isError === true) return;
      const [seen] = server.seen;
      const value = Buffer.from(String(seen?.headers['x-value']), 'latin1').toString('utf8');
      expect(value).toBe(`-${x}-`);
      expect(Object.keys(seen?.headers ?? {}).filter((name) => !known.has(name))).toEqual([]);
      expect([...new URLSearchParams(seen?.body)]).toEqual([
        ['a', x],
        ['b', '1'],
      ]);
    }),
    RUNS,
  );
});

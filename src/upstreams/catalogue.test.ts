import { expect, test } from 'vitest';
import type { JsonObject } from '../tool.ts';
import { readListing } from './catalogue.ts';
import type { Session } from './session/session.ts';
import { UpstreamError } from './upstream-error.ts';

function sessionOf(
  capabilities: JsonObject,
  request: (method: string, cursor: unknown) => JsonObject,
): Session & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    era: 'legacy',
    revision: '2025-11-25',
    capabilities,
    isShared: true,
    asked,
    async request({ method, params }) {
      asked.push(method);
      return request(method, params.cursor);
    },
    listen: () => undefined,
    close: async () => undefined,
  };
}

const tool = (name: unknown) => ({ name, inputSchema: { type: 'object' } });

test('pages are read to their end; only what is declared is asked for', async () => {
  const session = sessionOf({ tools: {} }, (_, cursor) =>
    cursor === undefined ? { tools: [tool('a')], nextCursor: 'x' } : { tools: [tool('b')] },
  );
  const { tools, problems } = await readListing(session, 1000);
  expect(tools.map(({ name }) => name)).toEqual(['a', 'b']);
  expect(problems).toEqual([]);
  expect(session.asked).toEqual(['tools/list', 'tools/list']);
});

test('an upstream that always has another page, or too many items, is cut off', async () => {
  let page = 0;
  const endless = sessionOf({ tools: {} }, () => ({ tools: [], nextCursor: String(page++) }));
  expect((await readListing(endless, 1000)).tools).toEqual([]);
  expect(endless.asked).toHaveLength(100);
  const many = sessionOf({ tools: {} }, (_, cursor) => ({
    tools: Array.from({ length: 900 }, (_unused, index) => tool(`t${String(cursor)}${index}`)),
    nextCursor: `${String(cursor)}x`,
  }));
  expect((await readListing(many, 1000)).tools).toHaveLength(2000);
});

test('entries that cannot be offered are named and left out', async () => {
  const session = sessionOf({ tools: {}, prompts: {}, resources: {} }, (method) => {
    if (method === 'resources/templates/list')
      throw new UpstreamError('answered', 'Method not found', { code: -32601 });
    return {
      tools: [
        tool('good'),
        tool('good'),
        tool(''),
        tool(7),
        { name: 'bare' },
        { ...tool('huge'), description: 'x'.repeat(70_000) },
        'no object',
      ],
      prompts: [{ name: 'p', arguments: [{ name: 'a', required: true }, 5] }],
      resources: [{ uri: 'no address' }, { uri: 'test://a', name: 'a' }],
    };
  });
  const listing = await readListing(session, 1000);
  expect(listing.tools.map(({ name }) => name)).toEqual(['good']);
  expect(listing.prompts).toEqual([{ name: 'p', arguments: [{ name: 'a', required: true }] }]);
  expect(listing.resources.map(({ uri }) => uri)).toEqual(['test://a']);
  expect(listing.resourceTemplates).toEqual([]);
  expect(listing.problems).toHaveLength(6);
});

test('an answer that is no list is garbage', async () => {
  const session = sessionOf({ tools: {} }, () => ({ tools: 'none' }));
  await expect(readListing(session, 1000)).rejects.toMatchObject({ reason: 'garbage' });
});

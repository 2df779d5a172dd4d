// Clients of both eras hear that lists changed.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventData, type Json, MODERN_META } from '../support/http-endpoint.ts';
import { createSession } from '../support/mcp-session.ts';
import {
  definition,
  KEY,
  PROMPTS_KEY,
  type ReloadingServer,
  startReloadingServer,
} from './reloading-server.ts';

let server: ReloadingServer;

beforeAll(async () => {
  server = await startReloadingServer();
}, 60_000);

afterAll(() => server?.close());

/** The messages of a stream so far; ends with `close`. */
function follow(response: Response): { readonly messages: () => readonly Json[]; close(): Promise<void> } {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const done = (async () => {
    for (;;) {
      const read = await reader?.read();
      if (read === undefined || read.done) return;
      text += read.value;
    }
  })();
  return {
    messages: () => eventData(text.slice(0, text.lastIndexOf('\n') + 1)),
    async close() {
      await reader?.cancel();
      await done;
    },
  };
}

const methods = (stream: { readonly messages: () => readonly Json[] }) =>
  stream
    .messages()
    .map((message) => message.method)
    .filter((method) => method !== undefined);

test('P09 P15: list_changed reaches a legacy GET stream and a modern subscription, and only those who asked and may see the list', async () => {
  const openStream = async (key: string) => {
    const { headers } = await createSession(server.product.url, { key });
    return follow(await fetch(server.product.url, { headers: { ...headers, accept: 'text/event-stream' } }));
  };
  const legacy = await openStream(KEY);
  const blindLegacy = await openStream(PROMPTS_KEY);
  const listen = async (notifications: object, key: string = KEY) =>
    follow(
      await fetch(server.product.url, {
        method: 'POST',
        headers: {
          'x-api-key': key,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': '2026-07-28',
          'mcp-method': 'subscriptions/listen',
        },
        body: JSON.stringify({
          jsonrpc: '2.0',
          id: 'listen',
          method: 'subscriptions/listen',
          params: { _meta: MODERN_META, notifications },
        }),
      }),
    );
  const modern = await listen({ toolsListChanged: true });
  const others = await listen({ promptsListChanged: true });
  const blind = await listen({ toolsListChanged: true }, PROMPTS_KEY);
  await expect.poll(() => modern.messages().length, { timeout: 20_000 }).toBeGreaterThan(0);

  server.workspace.write('quayside.yaml', definition('second', ['added']));
  await expect.poll(() => methods(legacy), { timeout: 20_000 }).toContain('notifications/tools/list_changed');
  await expect.poll(() => methods(modern), { timeout: 20_000 }).toContain('notifications/tools/list_changed');
  const told = modern.messages().find(({ method }) => method === 'notifications/tools/list_changed');
  expect(told.params._meta['io.modelcontextprotocol/subscriptionId']).toBe('listen');
  for (const stream of [others, blind, blindLegacy])
    expect(methods(stream)).not.toContain('notifications/tools/list_changed');

  // Nothing changed for clients: nothing is said.
  const before = [methods(legacy).length, methods(modern).length];
  const reloaded = server.ended(1);
  server.product.process.kill('SIGHUP');
  await reloaded;
  expect([methods(legacy).length, methods(modern).length]).toEqual(before);
  const streams = [legacy, blindLegacy, modern, others, blind];
  await Promise.all(streams.map((stream) => stream.close()));
}, 60_000);

// Two versions of one server on every transport: sessions and connections stay on the one that they began with.

import { PassThrough } from 'node:stream';
import { afterEach, expect, test } from 'vitest';
import { ANONYMOUS, handMadePlans, handMadeServer, text } from '../../test/support/hand-made-plan.ts';
import {
  type HttpEndpoint,
  MODERN_META,
  postJson,
  SILENT_LOG,
  startEndpoint,
} from '../../test/support/http-endpoint.ts';
import { createSession } from '../../test/support/mcp-session.ts';
import { ROLLOUT } from '../../test/support/rollout.ts';
import type { Rollout } from '../definition/schema/rollout.ts';
import { joinVersions } from '../plan/versions.ts';
import { createProtocol } from '../protocol/protocol.ts';
import type { RolloutState } from '../rollout/rollout-state.ts';
import { createStdioTransport } from './stdio.ts';

const TWO_STAGES: Rollout = { ...ROLLOUT, stages: [5, 100] };

const version = (number: string) =>
  handMadeServer({
    definition: { version: number, transport: { sse: true } },
    tools: { which: { run: () => text(`version ${number}`) } },
  });

/** A server whose share of the canary the test sets. */
function joined() {
  const state = { weight: 0 };
  const stateOf = (): RolloutState => ({
    stable: '1.0.0',
    canary: '1.1.0',
    status: 'running',
    stage: 0,
    weight: state.weight,
    calmSince: 0,
    failed: 0,
    analysedUntil: 0,
    reason: '',
  });
  const other = { canary: version('1.1.0'), problem: undefined };
  return { state, server: joinVersions(version('1.0.0'), other, { rollout: TWO_STAGES, stateOf }) };
}

const open: HttpEndpoint[] = [];
afterEach(async () => {
  for (const endpoint of open.splice(0)) await endpoint.close();
});

async function start() {
  const { state, server } = joined();
  const endpoint = await startEndpoint({ servers: [{ definition: { transport: { sse: true } } }] });
  open.push(endpoint);
  endpoint.plans.swap([server], []);
  return { state, endpoint };
}

const CALL = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'which', arguments: {} } };

test('P27: a session over HTTP keeps its version while the share changes, and loses it with the rollout', async () => {
  const { state, endpoint } = await start();
  const session = await createSession(endpoint.url);
  const which = async () => {
    const { headers, text: body } = await postJson(endpoint.url, CALL, session.headers);
    return [headers.get('x-quayside-version'), /version [\d.]+/.exec(body)?.[0]];
  };
  expect(await which()).toEqual(['1.0.0', 'version 1.0.0']);
  state.weight = 99;
  expect(await which()).toEqual(['1.0.0', 'version 1.0.0']);
  state.weight = 100;
  expect(await which()).toEqual(['1.1.0', 'version 1.1.0']);
  state.weight = 0;
  expect(await which()).toEqual(['1.0.0', 'version 1.0.0']);
});

test('P27: so does a connection of the deprecated transport', async () => {
  const { state, endpoint } = await start();
  const origin = new URL(endpoint.url).origin;
  const stream = await fetch(`${origin}/sse`);
  const reader = stream.body?.getReader();
  const next = async () => new TextDecoder().decode((await reader?.read())?.value);
  const path = /data: (\S+)/.exec(await next())?.[1] ?? '';
  const send = async (message: object) => {
    const { headers } = await postJson(`${origin}${path}`, message);
    return headers.get('x-quayside-version');
  };
  const params = { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 't', version: '1' } };
  state.weight = 100;
  await send({ jsonrpc: '2.0', id: 0, method: 'initialize', params });
  expect(await next()).toContain('"version":"1.1.0"');
  state.weight = 1;
  expect([await send(CALL), await next()]).toEqual(['1.1.0', expect.stringContaining('version 1.1.0')]);
  state.weight = 0;
  expect([await send(CALL), await next()]).toEqual(['1.0.0', expect.stringContaining('version 1.0.0')]);
  await reader?.cancel();
});

test('P27: over stdio the version is that of the caller, without headers', async () => {
  const { state, server } = joined();
  const [input, output] = [new PassThrough(), new PassThrough()];
  const plans = handMadePlans([server]);
  const protocol = createProtocol({ plans, log: SILENT_LOG });
  const transport = createStdioTransport({
    plans,
    protocol,
    log: SILENT_LOG,
    principal: ANONYMOUS,
    input,
    output,
  });
  const running = transport.run();
  const ask = async () => {
    input.write(`${JSON.stringify({ ...CALL, params: { ...CALL.params, _meta: MODERN_META } })}\n`);
    const [line] = (await new Promise<Buffer>((resolve) => output.once('data', resolve)))
      .toString()
      .split('\n');
    return /version [\d.]+/.exec(line ?? '')?.[0];
  };
  expect(await ask()).toBe('version 1.0.0');
  state.weight = 100;
  expect(await ask()).toBe('version 1.1.0');
  input.end();
  await running;
  protocol.close();
});

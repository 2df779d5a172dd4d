// What the conformance suite starts for each client scenario: the product's own upstream client, told by the name of the
// scenario what to ask of the server. argv: address of the server.
import { systemClock } from '../../../src/clock.ts';
import { createEgress } from '../../../src/egress/egress.ts';
import { callUpstream } from '../../../src/handlers/mcp/call-upstream.ts';
import type { Log } from '../../../src/telemetry/log.ts';
import type { Call, ClientChannel, JsonObject } from '../../../src/tool.ts';
import { createEndpoint } from '../../../src/upstreams/http/endpoint.ts';
import { createUpstreamOAuth } from '../../../src/upstreams/oauth/upstream-oauth.ts';
import { Upstream } from '../../../src/upstreams/upstream.ts';
import { callerKey } from '../../../src/upstreams/upstream-call.ts';
import { createBrowser } from './browser.ts';

const TIMEOUT_MS = 10_000;
const CONNECTIONS_MAX = 3;

const log: Log = {
  debug: (fields, message) => console.error(message, fields),
  info: (fields, message) => console.error(message, fields),
  warn: (fields, message) => console.error(message, fields),
  error: (fields, message) => console.error(message, fields),
  child: () => log,
};

/** A person who accepts every form as it is, and opens every page. */
const client: ClientChannel = {
  protocolVersion: '2026-07-28',
  log: () => undefined,
  async requestInput(requests) {
    for (const { params } of Object.values(requests))
      if (typeof params?.url === 'string') await browser.open(params.url);
    return Object.fromEntries(Object.keys(requests).map((key) => [key, { action: 'accept', content: {} }]));
  },
  declared: { elicitation: { form: {}, url: {} } },
  supports: (method) => method === 'elicitation/create',
  closeStream: () => undefined,
  notify: () => undefined,
};

const call: Call = {
  args: {},
  requestId: 'conformance',
  signal: new AbortController().signal,
  principal: {
    type: 'local',
    id: 'local',
    name: 'local',
    tenantId: 'default',
    roles: [],
    permissions: [],
  },
  client,
};

const scenario = process.env.MCP_CONFORMANCE_SCENARIO ?? '';
const context: JsonObject = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}');
const egress = createEgress({ allow: 'localhost', log });
const browser = createBrowser(egress);
const endpoint = createEndpoint({ egress, url: process.argv[2] ?? '', headers: {}, trusted: true });
const oauth = createUpstreamOAuth(
  {
    place: 'conformance/scenario',
    endpoint,
    resource: { url: endpoint.url, trusted: true },
    config: { ...registeredBefore(), scopes: [] },
  },
  browser.deps,
);
const upstream = new Upstream({
  server: 'conformance',
  name: 'scenario',
  place: {
    kind: 'http',
    transport: 'http',
    endpoint,
    ...(isOAuth() ? { endpointFor: oauth.endpointFor } : {}),
  },
  oauth: isOAuth() ? oauth : undefined,
  client: { name: 'quayside', version: '1.0.0' },
  timeoutMs: TIMEOUT_MS,
  roots: false,
  breaker: { failures: 100, cooldown: 1000 },
  clock: systemClock,
  log,
  changed: () => undefined,
  stateChanged: () => undefined,
});
const held = { upstream, config: { roots: false } };
browser.deps.records.watch(() => upstream.grantsChanged());

await upstream.start();
await connect();
await askFor(scenario);
await upstream.close();
await egress.close();

function isOAuth(): boolean {
  return scenario.startsWith('auth/');
}

function registeredBefore(): { readonly clientId?: string; readonly clientSecret?: string } {
  const { client_id: clientId, client_secret: clientSecret } = context;
  return typeof clientId === 'string' ? { clientId, clientSecret: String(clientSecret) } : {};
}

/** As the person does who sees that an upstream is not there, and authorizes it; not for ever. */
async function connect(): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const failure = await upstream.settled();
    if (failure === undefined) return;
    if (failure.reason !== 'unauthorized' || attempt === CONNECTIONS_MAX) throw failure;
    await browser.open(await oauth.begin(callerKey(call.principal)));
    // What follows from the grant begins in a turn of its own.
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function askFor(name: string): Promise<void> {
  if (name === 'http-custom-headers') {
    const { toolCalls } = context as { toolCalls: readonly { name: string; arguments: JsonObject }[] };
    for (const one of toolCalls) await callTool(one.name, one.arguments);
    return;
  }
  if (name === 'json-schema-2020-12-preservation') {
    const seen = upstream.catalogue.tools.find(({ tool }) => tool.name === 'json_schema_2020_12_tool');
    await callTool('json_schema_echo', { schema: seen?.tool.inputSchema });
    return;
  }
  if (name === 'json-schema-ref-no-deref') return;
  for (const { tool } of upstream.catalogue.tools) await callTool(tool.name, { a: 2, b: 3, region: 'west' });
  for (const { uri } of upstream.catalogue.resources) await ask('resources/read', { uri });
  for (const prompt of upstream.catalogue.prompts) await ask('prompts/get', { name: prompt.name });
}

function callTool(name: string, args: JsonObject): Promise<JsonObject> {
  return ask('tools/call', { name, arguments: args });
}

function ask(method: 'tools/call' | 'prompts/get' | 'resources/read', params: JsonObject) {
  return callUpstream(held, { method, params, timeoutMs: TIMEOUT_MS }, call);
}

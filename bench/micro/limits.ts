// Times the stages of the limits alone: `node bench/micro/limits.ts [seconds]`.
// One key and one address that call again and again, then 1,000 of each in turn; four limits apply to every call.
import { parseArgs } from 'node:util';
import { ipLimitStage } from '../../src/gate/limits/ip-limit-stage.ts';
import { limitStage } from '../../src/gate/limits/limit-stage.ts';
import { createLimiter } from '../../src/gate/limits/limiter.ts';
import type { Target } from '../../src/gate/stage.ts';
import type { Operation, Principal, ToolSpec } from '../../src/tool.ts';
import { testDefinition } from '../../test/support/definition.ts';
import { testExchange } from '../../test/support/exchange.ts';

const { positionals } = parseArgs({ allowPositionals: true });
const seconds = Number(positionals[0] ?? 1);
const nothing = (): void => undefined;
const now = (): number => performance.now();
const events = { authenticated: nothing, denied: nothing, limited: nothing, limitWarning: nothing };

// Nearly every call is admitted: a refusal makes an error, which costs more than the limits do. In so short a window
// the buckets of 1,000 callers would be empty, and given up, before they call again.
for (const [title, window, maxRequests, most] of [
  ['exact timestamps', 0.25, 1000, 1],
  ['slices', 60_000, 1_000_000_000, 1000],
] as const) {
  const limit = { window, maxRequests };
  const definition = testDefinition({
    security: { rateLimit: { ...limit, server: limit, perTool: { echo: limit }, perIp: limit } },
  });
  const server = { slug: 'bench', definition };
  const deps = { limiter: createLimiter({ now }), events };
  const operations = limitStage(deps).prepare(target(), server);
  const addresses = ipLimitStage(deps).prepare(server);
  for (const callers of new Set([1, most])) {
    const callOf = Array.from({ length: callers }, (_, index) => operation(index));
    const exchangeOf = Array.from({ length: callers }, (_, index) =>
      testExchange({ clientAddress: `192.0.${index >> 8}.${index & 255}` }),
    );
    measure(`operation, ${title}, ${callers} callers`, (turn) => {
      const call = callOf[turn % callers];
      if (call !== undefined) operations?.enter?.(call);
    });
    measure(`address, ${title}, ${callers} callers`, (turn) => {
      const exchange = exchangeOf[turn % callers];
      if (exchange !== undefined) addresses?.enter(exchange);
    });
  }
}

/** CPU time, the best of five rounds: what else runs on the machine must not count. */
function measure(title: string, call: (turn: number) => void): void {
  let turn = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const end = performance.now() + (seconds * 1000) / 5;
    const first = turn;
    const before = process.cpuUsage();
    while (performance.now() < end) for (let step = 0; step < 100; step++) call(turn++);
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / (turn - first));
  }
  console.log(`${title}: ${Math.round(least * 1000)} ns each`);
}

function target(): Target {
  const tool: ToolSpec = {
    name: 'echo',
    listedName: 'echo',
    description: '',
    inputSchema: { type: 'object' },
    annotations: {},
    tags: [],
    timeoutMs: 1000,
    permissions: [],
  };
  return { kind: 'tool', name: 'echo', permission: { anyOf: [], allOf: [] }, tool };
}

function operation(index: number): Operation {
  const name = `key-${index}`;
  const principal: Principal = {
    type: 'key',
    id: name,
    name,
    tenantId: 'default',
    roles: [],
    permissions: [],
  };
  return {
    kind: 'tool',
    name: 'echo',
    method: 'tools/call',
    permission: { anyOf: [], allOf: [] },
    args: {},
    principal,
    requestId: 'bench',
    clientAddress: '192.0.2.1',
    protocolVersion: '2026-07-28',
    startedAt: 0,
    answerHeaders: {},
  };
}

// Every server that is measured: ours and those it is compared with.

import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { customerCalls, echoCalls, legacyCall } from './calls.ts';
import { customersFile, postgresAddress } from './customers.ts';
import { scratchFolder } from './scratch.ts';
import type { Contender } from './server.ts';

/**
 * As in production: the strict start checks, one line of log per call, a tenth of the calls traced. The secrets
 * protect nothing here; they satisfy the checks.
 */
const productionEnv = {
  NODE_ENV: 'production',
  API_KEY_SALT: 'salt of the benchmark, not of a service',
  SESSION_SECRET: 'secret of the benchmark, not of any service',
};

/** Ours with key, permission, three limits, validation, metrics, log and sampled spans. */
export function governedEcho(): Contender {
  return quayside({ definition: 'echo', requests: echoCalls() });
}

/** The same with everything on: tenant, a fourth limit, and each call in the audit log and its file. */
export function auditedEcho(): Contender {
  return { ...quayside({ definition: 'echo-audited', requests: echoCalls() }), name: 'quayside-audited' };
}

/** Everything on, on every core: the audit thread has one beside the loop that answers, as it would in service. */
export function auditedEchoOnAllCores(): Contender {
  return { ...auditedEcho(), usesAllCores: true };
}

/** The same without the audit. */
export function unauditedEchoOnAllCores(): Contender {
  const contender = quayside({ definition: 'echo-unaudited', requests: echoCalls() });
  return { ...contender, name: 'quayside-unaudited', usesAllCores: true };
}

/** Ours before the echo tool of another server over stdio, governed as our own. */
export function proxiedEcho(): Contender {
  return quayside({ definition: 'upstream', requests: echoCalls() });
}

/** The same with each call in the audit log and its file. */
export function auditedProxiedEcho(): Contender {
  return quayside({ definition: 'upstream-audited', requests: echoCalls() });
}

/** The most used proxy of npm before the same server; without its event store, which nobody here reads. */
export function mcpProxy(): Contender {
  return {
    name: 'mcp-proxy',
    requests: echoCalls(),
    env: { NODE_ENV: 'production' },
    command: (port) => [
      process.execPath,
      'node_modules/mcp-proxy/dist/bin/mcp-proxy.mjs',
      ...['--port', String(port), '--host', '127.0.0.1', '--server', 'stream', '--no-eventStore'],
      ...['--', process.execPath, 'peers/echo-upstream.mjs'],
    ],
  };
}

/** Ours looking a customer up in SQLite, governed as the echo is. */
export function sqliteTool(): Contender {
  return customerTool('sqlite', `sqlite:${customersFile()}`);
}

/** The same with each call in the audit log and its file. */
export function auditedSqliteTool(): Contender {
  return customerTool('sqlite-audited', `sqlite:${customersFile()}`);
}

/** Ours looking a customer up in PostgreSQL, governed as the echo is. */
export function postgresTool(): Contender {
  return customerTool('postgres', postgresAddress.href);
}

/** The same with each call in the audit log and its file. */
export function auditedPostgresTool(): Contender {
  return customerTool('postgres-audited', postgresAddress.href);
}

/** Bare node:http with JSON in and out. */
export function rawNodeHttp(): Contender {
  return {
    name: 'raw-node-http',
    requests: echoCalls(),
    command: (port) => [process.execPath, 'peers/raw-node-http.ts', String(port)],
  };
}

/** The official SDK's ready-made endpoint. */
export function sdkV2(): Contender {
  return {
    name: 'sdk-v2',
    requests: echoCalls(),
    env: { NODE_ENV: 'production' },
    command: (port) => [process.execPath, 'peers/sdk-v2.ts', String(port)],
  };
}

/** The Go toolbox on SQLite. */
export function toolboxSqlite(): Contender {
  return toolbox({ config: 'sqlite', env: { CUSTOMERS_DATABASE: customersFile() } });
}

/** The Go toolbox on PostgreSQL. */
export function toolboxPostgres(): Contender {
  return toolbox({
    config: 'postgres',
    env: {
      POSTGRES_HOST: postgresAddress.hostname,
      POSTGRES_PORT: postgresAddress.port,
      POSTGRES_DATABASE: postgresAddress.pathname.slice(1),
      POSTGRES_USER: postgresAddress.username,
      // The toolbox demands one, even of a server that asks for none.
      POSTGRES_PASSWORD: postgresAddress.password || 'none',
    },
  });
}

function customerTool(definition: string, databaseUrl: string): Contender {
  return quayside({ definition, requests: customerCalls(), env: { CUSTOMERS_URL: databaseUrl } });
}

interface QuaysideOptions {
  readonly definition: string;
  readonly requests: Contender['requests'];
  readonly env?: Readonly<Record<string, string>>;
}

function quayside({ definition, requests, env }: QuaysideOptions): Contender {
  const data = mkdtempSync(join(scratchFolder, 'data-'));
  return {
    name: 'quayside',
    requests,
    env: { ...productionEnv, ...env },
    command: (port) => [
      process.execPath,
      '../bin/quayside',
      'serve',
      `definitions/${definition}.yaml`,
      ...['--port', String(port), '--data', data],
    ],
  };
}

interface ToolboxOptions {
  readonly config: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Asked in revision 2025-06-18: the toolbox answers that faster than 2026-07-28. */
function toolbox({ config, env }: ToolboxOptions): Contender {
  return {
    name: 'toolbox',
    requests: customerCalls(legacyCall),
    env,
    command: (port) => [
      'node_modules/@toolbox-sdk/server-linux-x64/bin/toolbox',
      ...['--config', `peers/toolbox/${config}.yaml`, '--port', String(port)],
      ...['--disable-reload', '--disable-version-check', '--log-level', 'ERROR'],
    ],
  };
}

// The product with a key that may read the record, and what the record says.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Product, startProduct } from '../support/product.ts';
import { sendRequest } from '../support/raw-http.ts';
import { createWorkspace, type Workspace } from '../support/workspace.ts';

export const KEYS = {
  caller: 'audit-test-key-caller-0001',
  narrow: 'audit-test-key-narrow-0001',
  slow: 'audit-test-key-slow-000001',
  auditor: 'audit-test-key-auditor-001',
} as const;

const TOOLS = `
version: 1.0.0
tools:
  read: { description: Reads., input: { text?: string }, file: ./echo.ts, annotations: { readOnlyHint: true } }
  write: { description: Writes., input: { text?: string }, file: ./echo.ts }
  fail: { description: Fails., input: {}, file: ./fail.ts }
transport: { sse: true }
security:
  hosts: [allowed.example]
  rateLimit: { window: 60000, maxRequests: 1000000 }
  authentication:
    apiKeys:
      - { name: caller, key: ${KEYS.caller}, permissions: ["tools:*"] }
      - { name: narrow, key: ${KEYS.narrow}, permissions: ["tools:read"] }
      - { name: slow, key: ${KEYS.slow}, permissions: ["tools:*"], rateLimit: { window: 60000, maxRequests: 5 } }
      - { name: auditor, key: ${KEYS.auditor}, permissions: ["admin:*"] }
`;

export interface AuditedServer {
  readonly product: Product;
  readonly workspace: Workspace;
  readonly port: number;
  readonly data: string;
  call(tool: string, args?: Readonly<Record<string, unknown>>, key?: string): ReturnType<typeof sendRequest>;
  get(target: string, key?: string): ReturnType<typeof sendRequest>;
  /** Lines of the audit file without its first; after the server has stopped, or for what was committed. */
  lines(path?: string): readonly Record<string, unknown>[];
  close(): Promise<void>;
}

/** `audit` are the keys of `security.audit`. */
export async function startAuditedServer(
  options: {
    readonly audit?: string;
    readonly env?: Readonly<Record<string, string>>;
    readonly workspace?: Workspace;
  } = {},
): Promise<AuditedServer> {
  const workspace =
    options.workspace ??
    createWorkspace({
      'quayside.yaml': `name: audited\n${TOOLS.trim()}\n  audit: { ${options.audit ?? ''} }\n`,
      'echo.ts': 'export default (args: unknown) => JSON.stringify(args);\n',
      'fail.ts': 'export default () => { throw new Error("password=hunter-2-fails"); };\n',
    });
  const data = join(workspace.directory, 'data');
  const product = await startProduct({
    definition: { path: workspace.definition },
    args: ['--data', data],
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  const port = Number(new URL(product.origin).port);
  return {
    product,
    workspace,
    port,
    data,
    call: (tool, args = {}, key = KEYS.caller) => callTool(port, tool, args, key),
    get: (target, key = KEYS.auditor) =>
      sendRequest(port, { method: 'GET', target, headers: { 'X-Api-Key': key } }),
    lines: (path = join(data, 'logs', 'audit.log')) =>
      readFileSync(path, 'utf8').trim().split('\n').slice(1).map(parseLine),
    async close() {
      await product.stop();
      workspace.remove();
    },
  };
}

function callTool(port: number, tool: string, args: Readonly<Record<string, unknown>>, key: string) {
  return sendRequest(port, {
    target: '/mcp',
    headers: {
      'X-Api-Key': key,
      'MCP-Protocol-Version': '2026-07-28',
      'Mcp-Method': 'tools/call',
      'Mcp-Name': tool,
      Accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: {
        name: tool,
        arguments: args,
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      },
    }),
  });
}

function parseLine(line: string): Record<string, unknown> {
  return JSON.parse(line);
}

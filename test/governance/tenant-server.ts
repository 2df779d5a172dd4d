// The product with two tenants besides the operator's, each with an administrator and a user.
import { join } from 'node:path';
import { runCommand } from '../support/command.ts';
import { call } from '../support/json-rpc.ts';
import { type Product, startProduct } from '../support/product.ts';
import { type RawAnswer, sendRequest } from '../support/raw-http.ts';
import { createWorkspace, type Workspace } from '../support/workspace.ts';

/** Keys of the definition; the tenant is in the name. */
export const TENANT_KEYS = {
  operator: 'tenancy-test-key-operator-01',
  acmeAdmin: 'tenancy-test-key-acme-admin-1',
  acmeUser: 'tenancy-test-key-acme-user-01',
  umbraAdmin: 'tenancy-test-key-umbra-admin1',
} as const;

/** `who` tells as whom its handler was called. */
export const tenantDefinition = `
name: tenancy
version: 1.0.0
tools:
  who: { description: Who calls., input: {}, annotations: { readOnlyHint: true }, file: ./who.ts }
transport: { sse: true }
security:
  trustProxy: ["127.0.0.1"]
  rateLimit: { window: 60000, maxRequests: 100000 }
  authentication:
    apiKeys:
      - { name: operator, key: ${TENANT_KEYS.operator}, permissions: ["*"] }
      - { name: acme-admin, key: ${TENANT_KEYS.acmeAdmin}, permissions: ["*"], tenant: acme }
      - { name: acme-user, key: ${TENANT_KEYS.acmeUser}, tenant: acme }
      - { name: umbra-admin, key: ${TENANT_KEYS.umbraAdmin}, roles: [admin], tenant: umbra }
`;

/** Without its definition: other tests bring their own. */
export const WHO_FILE =
  'export default (_args: unknown, context: { principal: unknown }) => JSON.stringify(context.principal);\n';

export interface TenantServer {
  readonly product: Product;
  readonly workspace: Workspace;
  readonly port: number;
  readonly data: string;
  /** A request to a REST route; `body` is sent as JSON. */
  rest(
    key: string | undefined,
    method: string,
    target: string,
    more?: { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> },
  ): Promise<RawAnswer>;
  /** As whom the tool was called, or the status of the refusal. */
  who(
    key: string,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Readonly<Record<string, unknown>> | number>;
  /** Runs `quayside <words>` on the same data. */
  run(...words: string[]): ReturnType<typeof runCommand>;
  close(): Promise<void>;
}

export async function startTenantServer(
  options: { readonly definition?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<TenantServer> {
  const workspace = createWorkspace({
    'quayside.yaml': options.definition ?? tenantDefinition,
    'who.ts': WHO_FILE,
  });
  const data = join(workspace.directory, 'data');
  const product = await startProduct({
    definition: { path: workspace.definition },
    data,
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  const port = Number(new URL(product.origin).port);
  return {
    product,
    workspace,
    port,
    data,
    rest: (key, method, target, { body, headers } = {}) =>
      sendRequest(port, {
        method,
        target,
        headers: { ...(key === undefined ? {} : { 'X-Api-Key': key }), ...headers },
        body: body === undefined ? undefined : JSON.stringify(body),
      }),
    async who(key, headers = {}) {
      const answer = await call(product.url, key, 'tools/call', { name: 'who', arguments: {} }, headers);
      if (answer.status !== 200) return answer.status;
      const { result }: { result: { content: readonly { text: string }[] } } = JSON.parse(
        await answer.text(),
      );
      return JSON.parse(result.content[0]?.text ?? '');
    },
    run: (...words) => runCommand([...words, '--data', data]),
    async close() {
      await product.stop();
      workspace.remove();
    },
  };
}

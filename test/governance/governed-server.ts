// The product with keys of every state, for tests of who gets in.
import { join } from 'node:path';
import { runCommand } from '../support/command.ts';
import { freePort } from '../support/free-port.ts';
import { type Product, startProduct } from '../support/product.ts';
import { createWorkspace } from '../support/workspace.ts';

/** Keys of the definition by what is the matter with them. */
export const KEYS = {
  valid: 'governance-test-key-valid-01',
  expired: 'governance-test-key-expired-1',
  disabled: 'governance-test-key-disabled1',
  early: 'governance-test-key-early-001',
  reader: 'governance-test-key-reader-01',
  alpha: 'governance-test-key-alpha-001',
  denied: 'governance-test-key-denied-01',
  admin: 'governance-test-key-admin-001',
  elsewhere: 'governance-test-key-elsewhere',
} as const;

const SERVER = `
version: 1.0.0
tools:
  alpha: { description: First tool., input: { text?: string }, file: ./echo.ts }
  beta: { description: Second tool., input: { text?: string }, file: ./echo.ts }
prompts:
  greet: { template: Hello. }
resources:
  - { uri: "docs://guide", name: Guide, content: The guide. }
transport: { sse: true }
`;

const AUTHENTICATION = `
    headerName: X-Api-Key
    apiKeys:
      - { name: valid, key: ${KEYS.valid} }
      - { name: expired, key: ${KEYS.expired}, expiresAt: "2020-01-01T00:00:00Z" }
      - { name: disabled, key: ${KEYS.disabled}, enabled: false }
      - { name: early, key: ${KEYS.early}, notBefore: "2999-01-01T00:00:00Z" }
      - { name: reader, key: ${KEYS.reader}, permissions: ["resources:read"] }
      - { name: alpha, key: ${KEYS.alpha}, permissions: ["tools:alpha"] }
      - { name: denied, key: ${KEYS.denied}, permissions: ["tools:*", "!tools:beta"] }
      - { name: admin, key: ${KEYS.admin}, permissions: ["*"] }
      - { name: elsewhere, key: ${KEYS.elsewhere}, allowedIps: ["192.0.2.0/24"] }
`;

/** One definition; `more` are further keys of \`security\`. */
export function governedDefinition(name: string, more = ''): string {
  return `
name: ${name}
${SERVER.trim()}
security:
  trustProxy: ["127.0.0.1"]
  rateLimit: { window: 60000, maxRequests: 100000 }
${more}
  authentication:${AUTHENTICATION}`;
}

export interface GovernedServer {
  readonly product: Product;
  readonly url: string;
  readonly port: number;
  readonly metricsPort: number;
  /** A key in the key file, and the way to revoke it. */
  readonly stored: { readonly key: string; revoke(): void };
  close(): Promise<void>;
}

export async function startGovernedServer(
  options: { readonly definition?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<GovernedServer> {
  const workspace = createWorkspace({
    'quayside.yaml': options.definition ?? governedDefinition('governed'),
    'echo.ts': 'export default (args: unknown) => JSON.stringify(args);\n',
  });
  const metricsPort = await freePort();
  const data = join(workspace.directory, 'data');
  const created = runCommand(['keys', 'create', 'stored', '--data', data, '--json']);
  const { id, key }: { id: string; key: string } = JSON.parse(created.out);
  const product = await startProduct({
    definition: { path: workspace.definition },
    args: ['--data', data],
    env: { METRICS_PORT: String(metricsPort), ...options.env },
  });
  return {
    product,
    url: product.url,
    port: Number(new URL(product.origin).port),
    metricsPort,
    stored: { key, revoke: () => runCommand(['keys', 'revoke', id, '--data', data]) },
    async close() {
      await product.stop();
      workspace.remove();
    },
  };
}

// The product with two versions of one server.
import { call } from '../support/json-rpc.ts';
import { type Product, startProduct } from '../support/product.ts';
import { type RawAnswer, sendRequest } from '../support/raw-http.ts';
import { createWorkspace, type Workspace } from '../support/workspace.ts';

export const ROLLOUT_KEYS = {
  operator: 'rollout-test-key-operator-01',
  plain: 'rollout-test-key-plain-00001',
  acmeAdmin: 'rollout-test-key-acme-admin1',
} as const;

/** Many callers: as many keys, so that a share of them can be told. */
export const CALLERS: readonly string[] = Array.from(
  { length: 60 },
  (_, index) => `rollout-test-caller-key-${1000 + index}`,
);

const SECURITY = `
security:
  rateLimit: { window: 60000, maxRequests: 1000000 }
  authentication:
    apiKeys:
      - { name: operator, key: ${ROLLOUT_KEYS.operator}, permissions: ["*"] }
      - { name: plain, key: ${ROLLOUT_KEYS.plain}, permissions: ["tools:call", "tools:list"] }
      - { name: acme-admin, key: ${ROLLOUT_KEYS.acmeAdmin}, permissions: ["*"], tenant: acme }
${CALLERS.map((key, index) => `      - { name: caller-${index}, key: ${key}, permissions: ["tools:call", "tools:list"] }`).join('\n')}
`;

/** Answers which version it is, waits or fails as it is told. */
const toolFile = (
  version: string,
) => `const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
export default async (args: { ms?: number; fail?: boolean }) => {
  if (args.ms !== undefined) await wait(args.ms);
  if (args.fail === true && '${version}' !== '1.0.0') throw new Error('injected');
  return 'version ${version}';
};
`;

export const ROLLOUT = `rollout:
  stable: 1.0.0
  canary: 1.1.0
  stageMinutes: 100
  analysis: { interval: 1, minRequests: 5, threshold: 3 }
`;

const TOOLS = `tools:
  which: { description: Which version answers., input: { ms?: integer, fail?: boolean }, timeout: 20000, file: ./which-VERSION.ts }
`;

/** One version; the canary has one tool more. */
export function versionText(version: string, more = ''): string {
  const extra =
    version === '1.0.0' ? '' : `  extra: { description: Only here., input: {}, file: ./which-VERSION.ts }\n`;
  return `name: shop\nversion: ${version}\n${(TOOLS + extra).replaceAll('VERSION', version)}${SECURITY}${more}`;
}

export interface RolloutServer {
  readonly product: Product;
  readonly workspace: Workspace;
  readonly url: string;
  rest(key: string, method: string, target: string, body?: unknown): Promise<RawAnswer>;
  /** A call in the modern era. */
  which(key: string, args?: object, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** The version that a caller gets. */
  versionOf(key: string, headers?: Readonly<Record<string, string>>): Promise<string | null>;
  /** Words of \`quayside rollout\` on the same definitions and data. */
  readonly words: readonly string[];
  close(): Promise<void>;
}

export async function startRolloutServer(
  options: {
    readonly files?: Readonly<Record<string, string>>;
    readonly env?: Readonly<Record<string, string>>;
  } = {},
): Promise<RolloutServer> {
  const workspace = createWorkspace({
    'stable.yaml': versionText('1.0.0', ROLLOUT),
    'canary.yaml': versionText('1.1.0'),
    'which-1.0.0.ts': toolFile('1.0.0'),
    'which-1.1.0.ts': toolFile('1.1.0'),
    ...options.files,
  });
  const path = workspace.directory;
  const product = await startProduct({
    definition: { path },
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  const { url, data } = product;
  const port = Number(new URL(product.origin).port);
  const which: RolloutServer['which'] = (key, args = {}, headers = {}) =>
    call(url, key, 'tools/call', { name: 'which', arguments: args }, headers);
  return {
    product,
    workspace,
    url,
    which,
    rest: (key, method, target, body) =>
      sendRequest(port, {
        method,
        target,
        headers: { 'X-Api-Key': key },
        body: body === undefined ? undefined : JSON.stringify(body),
      }),
    async versionOf(key, headers) {
      const response = await which(key, {}, headers);
      const named = response.headers.get('x-quayside-version');
      const text = await response.text();
      // What the header says is what answered.
      if (!text.includes(`version ${named}`)) throw new Error(`${named} is not in ${text}`);
      return named;
    },
    words: ['--definition', path, '--data', data],
    async close() {
      await product.stop();
      workspace.remove();
    },
  };
}

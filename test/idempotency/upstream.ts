// The service behind the tools: it counts what really happened, per key of the caller.
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Upstream {
  readonly url: string;
  /** Every effect, in order: the `name` that was created. */
  readonly effects: readonly string[];
  /** How often somebody looked whether a thing is there. */
  looks(): number;
  /** What happens to the next requests, before they are answered. Default: nothing. */
  behave(behaviour: Behaviour): void;
  close(): Promise<void>;
}

/**
 * `hang`: the effect happens, no answer comes; `break`: it happens and the connection breaks; `lose`: that breaks before
 * anything happens; `mute`: nothing is said to those who look.
 */
export type Behaviour =
  | 'answer'
  | 'hang'
  | 'refuse'
  | 'busy'
  | 'break'
  | 'lose'
  | 'mute'
  | { readonly delayMs: number };

export async function startUpstream(): Promise<Upstream> {
  const effects: string[] = [];
  let behaviour: Behaviour = 'answer';
  let looks = 0;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    if (request.method === 'GET') {
      looks++;
      if (behaviour === 'mute') return undefined;
      const name = decodeURIComponent(request.url?.split('/').pop() ?? '');
      const number = effects.indexOf(name) + 1;
      json(response, number === 0 ? 404 : 200, { number, name });
      return;
    }
    if (behaviour === 'refuse') return json(response, 422, { error: 'no such thing' });
    if (behaviour === 'lose') return response.socket?.destroy();
    if (behaviour === 'busy') return json(response, 429, { error: 'later' });
    const { name }: { name: string } = JSON.parse(Buffer.concat(chunks).toString());
    effects.push(name);
    const number = effects.length;
    if (behaviour === 'hang') return undefined;
    if (behaviour === 'break') return response.socket?.destroy();
    const delayMs = typeof behaviour === 'object' ? behaviour.delayMs : 0;
    setTimeout(() => json(response, 200, { number, name }), delayMs);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    effects,
    looks: () => looks,
    behave(next) {
      behaviour = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** What finds out at the upstream whether a thing was created. */
export function reconcileOver(upstream: string): string {
  return `idempotency: { reconcile: { type: http, url: "${upstream}/things/\${args.name}" } }`;
}

/** A server whose tools create and look up at the upstream. `more` are keys of the tool \`create\`. */
export function definitionOver(upstream: string, more = '', timeoutMs = 10_000): string {
  return `
name: once
version: 1.0.0
limits: { maxConcurrency: 1000 }
tools:
  create:
    description: Creates a thing.
    input: { name: string, size?: integer = 1 }
    handler: { type: http, method: POST, url: "${upstream}/things", timeout: ${timeoutMs} }
    ${more}
  other:
    description: Creates another thing.
    input: { name: string }
    http: POST ${upstream}/things
  look:
    description: Looks for a thing.
    input: { name: string }
    http: GET ${upstream}/things/\${args.name}
security:
  rateLimit: { maxRequests: 100000 }
`;
}

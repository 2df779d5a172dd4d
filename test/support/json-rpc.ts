// One request of the modern era without a client around it, for tests that look at the HTTP answer itself.

const REVISION = '2026-07-28';
/** Between two looks at a server that is about to change: often enough to be exact, rare enough not to load it. */
const LOOK_EVERY_MS = 20;

/** Posts `method` with all that the modern era asks for. */
export function call(
  url: string,
  key: string | undefined,
  method: string,
  params: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const name = params.name ?? params.uri;
  return fetch(url, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
      'MCP-Protocol-Version': REVISION,
      'Mcp-Method': method,
      ...(typeof name === 'string' ? { 'Mcp-Name': name } : {}),
      ...(key === undefined ? {} : { Authorization: `Bearer ${key}` }),
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: meta } }),
  });
}

/** A JSON-RPC answer as far as tests look into it. */
export interface RpcAnswer {
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: {
    readonly code: number;
    readonly message: string;
    readonly data?: Readonly<Record<string, unknown>>;
  };
}

/** The body of an answer that is JSON. */
export async function answerOf(response: Response): Promise<RpcAnswer> {
  const answer: RpcAnswer = JSON.parse(await response.text());
  return answer;
}

/** Asks again until `status` is answered; resolves with the last status when a request begun in time still differs. */
export async function statusWithin(
  deadlineMs: number,
  status: number,
  ask: () => Promise<Response>,
): Promise<number> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const isLast = performance.now() >= deadline;
    const answer = await ask();
    await answer.arrayBuffer();
    if (answer.status === status || isLast) return answer.status;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

const meta = {
  'io.modelcontextprotocol/protocolVersion': REVISION,
  'io.modelcontextprotocol/clientCapabilities': {},
};

// Exchanges for tests of request stages, without a socket.
import type { Exchange } from '../../src/gate/stage.ts';

/** A POST from loopback with an empty JSON object as its body. */
export function testExchange(overrides: Partial<Exchange> = {}): Exchange {
  return {
    transport: 'http',
    method: 'POST',
    path: '/mcp',
    headers: { host: '127.0.0.1:3000' },
    requestId: 'request-1',
    startedAt: 0,
    peerAddress: '127.0.0.1',
    credentialOptional: false,
    readBody: () => Promise.resolve(Buffer.from('{}')),
    clientAddress: '127.0.0.1',
    body: undefined,
    principal: undefined,
    onBehalfOf: undefined,
    answerHeaders: {},
    ...overrides,
  };
}

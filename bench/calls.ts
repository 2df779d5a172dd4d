// The requests that the benchmarks send, as bytes.

import type { LoadRequest } from './load/job.ts';

/** How many different requests one set has. */
const variants = 64;

/** The key that bench/definitions admits. Servers without keys ignore it. */
export const benchKey = 'qs_benchkey_0000000000000000000000000000000000000000000';
/** As definitions hold it. */
export const benchKeyHash = 'sha256:a3a1069a798fbc1b2472b075e7d7d1df3951c667d90e54af920eb38df35b15a6';

/** The current revision of the protocol. */
export const modernRevision = '2026-07-28';

interface Call {
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly expected: string;
  /** The endpoint; default that of the definition's own server. */
  readonly path?: string;
}

/** Calls of the tool `echo`, each with another text. */
export function echoCalls(): LoadRequest[] {
  return numbers().map((number) => {
    const text = `message number ${number} of the benchmark`;
    return modernCall({ tool: 'echo', args: { text }, expected: text });
  });
}

/** Calls of the tool `find_customer`, spread over all customers. */
export function customerCalls(render: (call: Call) => LoadRequest = modernCall): LoadRequest[] {
  return numbers().map((number) => {
    const id = 1 + ((number * 7919) % customerCount);
    return render({ tool: 'find_customer', args: { id }, expected: customerName(id) });
  });
}

/** Rows in the table that the SQL benchmarks look customers up in. */
export const customerCount = 10_000;

/** The name of a customer: found nowhere but in the answer for that one. */
export function customerName(id: number): string {
  return `customer ${String(id).padStart(6, '0')}`;
}

/** A `tools/call` of revision 2026-07-28, with every header that the revision demands. */
export function modernCall({ tool, args, expected, path }: Call): LoadRequest {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': modernRevision,
    'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1.0.0' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const body = {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: tool, arguments: args, _meta },
  };
  const headers = { 'mcp-protocol-version': modernRevision, 'mcp-method': 'tools/call', 'mcp-name': tool };
  return { bytes: post(body, headers, path), expected };
}

/** A `tools/call` of revision 2025-06-18 without a session, for servers that answer it faster. */
export function legacyCall({ tool, args, expected }: Call): LoadRequest {
  const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool, arguments: args } };
  return { bytes: post(body, { 'mcp-protocol-version': '2025-06-18' }), expected };
}

function post(body: unknown, headers: Readonly<Record<string, string>>, path = '/mcp'): string {
  const text = JSON.stringify(body);
  const lines = Object.entries({
    host: '127.0.0.1',
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'x-api-key': benchKey,
    ...headers,
    'content-length': String(Buffer.byteLength(text)),
  }).map(([name, value]) => `${name}: ${value}`);
  return `POST ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${text}`;
}

function numbers(): number[] {
  return Array.from({ length: variants }, (_, index) => index);
}

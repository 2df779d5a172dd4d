// Hostile targets: paths of the server, resources, and addresses that a tool should reach for the caller.
import { expect } from 'vitest';
import type { RawAnswer } from '../support/raw-http.ts';
import { sendBytes } from '../support/raw-http.ts';
import { type HostileRequest, type HostileServer, KEY } from './hostile-server.ts';
import { call, legacy, modern } from './message.ts';

const target = (path: string, status: number, code: number | string): HostileRequest => ({
  title: `the target ${path.slice(0, 60)}`,
  send: (server) => modern(server, 'tools/list', {}, { target: path }),
  status,
  code,
});

export const paths: readonly HostileRequest[] = [
  target('/mcp/no-such-server', 404, -32601),
  target('/mcp/constructor', 404, -32601),
  target('/mcp/__proto__', 404, -32601),
  target('/mcp/%2e%2e', 404, -32601),
  target('/mcp/hostile%00', 404, -32601),
  target('/mcp/../admin/diagnostics', 404, 'not_found'),
  target('/mcp/hostile/deeper', 404, 'not_found'),
  target('//mcp', 404, 'not_found'),
  target('/MCP', 404, 'not_found'),
  target('/..%2f..%2fetc/passwd', 404, 'not_found'),
  target('/%zz', 404, 'not_found'),
  target('/health/../../etc/passwd', 404, 'not_found'),
  {
    title: 'an absolute target of this server is right',
    send: (server) => modern(server, 'tools/list', {}, { target: 'http://127.0.0.1/mcp?a=b' }),
    status: 200,
  },
  target('http://127.0.0.1', 405, 'method_not_allowed'),
  target('http://evil.example/mcp', 403, 4030),
  target('http://127.0.0.1@evil.example/mcp', 403, 4030),
  target('http:///mcp', 403, 4030),
  target('ftp://127.0.0.1/mcp', 404, 'not_found'),
  target('*', 404, 'not_found'),
  {
    title: 'CONNECT',
    send: ({ port }) =>
      sendBytes(port, `CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Api-Key: ${KEY}\r\n\r\n`),
    status: 0,
  },
  target(`/health/${'x'.repeat(5000)}`, 404, 'not_found'),
  {
    title: 'a target that cannot be decoded, with a foreign Host',
    send: ({ port }) =>
      sendBytes(port, 'GET /%zz HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n'),
    status: 403,
    code: 'host_refused',
  },
  {
    title: 'an unknown component of health',
    send: (server) =>
      sendBytes(
        server.port,
        `GET /health/constructor HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`,
      ),
    status: 404,
    code: 'not_found',
  },
];

const URIS = [
  'docs://../secret.txt',
  'docs://guide/../../secret.txt',
  'docs://guide/%2e%2e/secret.txt',
  'docs://guide%00.md',
  'file:///etc/passwd',
  'file://./secret.txt',
  '../secret.txt',
  'docs://constructor',
  `docs://${'../'.repeat(1000)}etc/passwd`,
];

const leaksNothing = (answer: RawAnswer) => {
  expect(answer.text).not.toContain('planted-secret');
  expect(answer.text).not.toContain('root:');
};

export const resources: readonly HostileRequest[] = URIS.flatMap((uri): HostileRequest[] => [
  {
    title: `the resource ${uri.slice(0, 60)} (legacy)`,
    send: (server) => legacy(server, { jsonrpc: '2.0', id: 7, method: 'resources/read', params: { uri } }),
    status: 200,
    code: -32002,
    check: leaksNothing,
  },
  {
    title: `the resource ${uri.slice(0, 60)} (modern)`,
    send: (server) => modern(server, 'resources/read', { uri }),
    status: 200,
    code: -32602,
    check: leaksNothing,
  },
]);

/** Forms of addresses that nobody outside may reach through the server; `port` is that of the secret server. */
const redirects: readonly (readonly [string, (port: number) => string])[] = [
  ['another port of loopback', (port) => `http://127.0.0.1:${port}/`],
  ['localhost by name', (port) => `http://localhost:${port}/`],
  ['localhost with a final dot', (port) => `http://localhost.:${port}/`],
  ['loopback as a number', (port) => `http://2130706433:${port}/`],
  ['loopback in hexadecimal', (port) => `http://0x7f000001:${port}/`],
  ['loopback in octal', (port) => `http://0177.0.0.1:${port}/`],
  ['loopback cut short', (port) => `http://127.1:${port}/`],
  ['the unspecified address', (port) => `http://0.0.0.0:${port}/`],
  ['IPv6 loopback', (port) => `http://[::1]:${port}/`],
  ['IPv6 unspecified', (port) => `http://[::]:${port}/`],
  ['IPv4 mapped into IPv6', (port) => `http://[::ffff:127.0.0.1]:${port}/`],
  ['IPv4 mapped into IPv6, in hexadecimal', (port) => `http://[::ffff:7f00:1]:${port}/`],
  ['NAT64', (port) => `http://[64:ff9b::7f00:1]:${port}/`],
  ['6to4', (port) => `http://[2002:7f00:1::]:${port}/`],
  ['unique local IPv6', (port) => `http://[fd00::1]:${port}/`],
  ['link-local IPv6', (port) => `http://[fe80::1]:${port}/`],
  ['the metadata service', () => 'http://169.254.169.254/latest/meta-data/'],
  ['a private network', () => 'http://10.0.0.1/'],
  ['a file', () => 'file:///etc/passwd'],
  ['another protocol', () => 'gopher://127.0.0.1:70/'],
  ['data', () => 'data:text/plain,hello'],
  ['a user before the host', (port) => `http://example.com@127.0.0.1:${port}/`],
];

/** The tool's own host may be reached, where it redirects may not. */
function refusedTarget(answer: RawAnswer, server: HostileServer): void {
  expect(answer.json.result.isError).toBe(true);
  expect(answer.json.result._meta.error.code).toMatch(/^HANDLER_(NETWORK|PERMISSION|CONFIG)_ERROR$/);
  expect(server.secret.requests).toEqual([]);
  expect(answer.text).not.toContain('"reached":true');
}

const injections: readonly (readonly [string, string, Readonly<Record<string, string>>])[] = [
  ['a path that climbs', 'item', { id: '..' }],
  ['a path that climbs in percent form', 'item', { id: '%2e%2e' }],
  ['a backslash in a path', 'item', { id: '..\\secret' }],
  ['CR and LF in a header', 'header', { tag: 'a\r\nX-Injected: 1' }],
  ['a NUL in a header', 'header', { tag: 'a\0b' }],
];

export const outgoing: readonly HostileRequest[] = [
  ...redirects.map(
    ([title, to]): HostileRequest => ({
      title: `a redirect to ${title}`,
      send: (server) => call(server, 'redirect', { to: to(server.secret.port) }),
      status: 200,
      check: refusedTarget,
    }),
  ),
  ...injections.map(
    ([title, tool, args]): HostileRequest => ({
      title: `${title} of an http tool`,
      send: (server) => call(server, tool, args),
      status: 200,
      check(answer, server) {
        expect(answer.json.result.isError).toBe(true);
        expect(server.redirecting.requests.filter(({ url }) => !url.startsWith('/redirect'))).toEqual([]);
      },
    }),
  ),
];

// Hostile protocol headers: versions, names that contradict the body, sessions, credentials.
import { expect } from 'vitest';
import { MODERN_META } from '../support/http-endpoint.ts';
import { type HostileRequest, type HostileServer, KEY, OTHER_KEY } from './hostile-server.ts';
import { call, legacy, modern, post, textOf } from './message.ts';

const PING = { jsonrpc: '2.0', id: 7, method: 'ping' };
const base64 = (text: string | Buffer) => `=?base64?${Buffer.from(text).toString('base64')}?=`;

const mismatch = (title: string, headers: Readonly<Record<string, string | undefined>>): HostileRequest => ({
  title,
  send: (server) => call(server, 'echo', {}, { headers }),
  status: 400,
  code: -32020,
});

export const modernHeaders: readonly HostileRequest[] = [
  mismatch('no Mcp-Method', { 'Mcp-Method': undefined }),
  mismatch('another Mcp-Method than the body', { 'Mcp-Method': 'tools/list' }),
  mismatch('an Mcp-Method in capitals', { 'Mcp-Method': 'TOOLS/CALL' }),
  mismatch('no Mcp-Name', { 'Mcp-Name': undefined }),
  mismatch('another Mcp-Name than the body', { 'Mcp-Name': 'typed' }),
  mismatch('an Mcp-Name outside ASCII', { 'Mcp-Name': 'echo\xe9' }),
  mismatch('an Mcp-Name that is no base64', { 'Mcp-Name': '=?base64?***?=' }),
  mismatch('an Mcp-Name whose base64 lacks its padding', { 'Mcp-Name': '=?base64?ZWNobw?=' }),
  mismatch('an Mcp-Name whose base64 is not UTF-8', { 'Mcp-Name': base64(Buffer.from([0xff, 0xfe])) }),
  mismatch('an Mcp-Name whose base64 says another name', { 'Mcp-Name': base64('typed') }),
  mismatch('an Mcp-Name whose sentinel has no end', { 'Mcp-Name': '=?base64?ZWNobw==' }),
  mismatch('another version in the header than in _meta', { 'MCP-Protocol-Version': '2026-07-29' }),
  mismatch('a legacy version in the header of a modern body', { 'MCP-Protocol-Version': '2025-11-25' }),
  mismatch('no version in the header of a modern body', { 'MCP-Protocol-Version': undefined }),
  {
    title: 'Mcp-Name twice',
    send: (server) => call(server, 'echo', {}, { headers: { 'Mcp-Name': 'echo', 'mcp-name': 'typed' } }),
    status: 400,
    code: -32020,
  },
  {
    title: 'a parameter header that contradicts the arguments',
    send: (server) => call(server, 'region', { region: 'eu' }, { headers: { 'Mcp-Param-Region': 'us' } }),
    status: 400,
    code: -32020,
  },
  {
    title: 'a parameter header for an argument that is not there',
    send: (server) => call(server, 'region', {}, { headers: { 'Mcp-Param-Region': 'us' } }),
    status: 400,
    code: -32020,
  },
  {
    title: 'an Mcp-Name in base64 that says the right name is right',
    send: (server) => call(server, 'echo', { a: 1 }, { headers: { 'Mcp-Name': base64('echo') } }),
    status: 200,
    check: (answer) => expect(textOf(answer)).toBe('{"a":1}'),
  },
  {
    title: 'a revision that nobody serves',
    send: (server) => version(server, '2027-01-01'),
    status: 400,
    code: -32022,
    check: (answer) => expect(answer.json.error.data.supported).toContain('2026-07-28'),
  },
  {
    title: 'a legacy revision claimed in _meta',
    send: (server) => version(server, '2025-11-25'),
    status: 400,
    code: -32022,
  },
  {
    title: 'no _meta in a modern request',
    send: (server) => modern(server, 'tools/list', '{}'),
    status: 400,
    code: -32602,
  },
  {
    title: '_meta without capabilities',
    send: (server) =>
      modern(server, 'tools/list', '{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}'),
    status: 400,
    code: -32602,
  },
  {
    title: 'a version in _meta that is a number',
    send: (server) => modern(server, 'tools/list', '{"_meta":{"io.modelcontextprotocol/protocolVersion":7}}'),
    status: 400,
    code: -32602,
  },
  {
    title: 'GET in the modern era',
    send: (server) =>
      post(server, '', { httpMethod: 'GET', headers: { 'MCP-Protocol-Version': '2026-07-28' } }),
    status: 405,
    code: -32600,
  },
  {
    title: 'DELETE in the modern era',
    send: (server) =>
      post(server, '', { httpMethod: 'DELETE', headers: { 'MCP-Protocol-Version': '2026-07-28' } }),
    status: 405,
    code: -32600,
  },
  { title: 'PUT', send: (server) => post(server, '{}', { httpMethod: 'PUT' }), status: 405, code: -32000 },
  {
    title: 'a request state that the server never sealed',
    send: (server) => modern(server, 'tools/call', { name: 'echo', arguments: {}, requestState: 'forged' }),
    status: 200,
    code: -32602,
  },
];

export const sessions: readonly HostileRequest[] = [
  { title: 'no session', send: (server) => post(server, JSON.stringify(PING)), status: 400, code: -32000 },
  {
    title: 'an unknown session',
    send: (server) => legacy(server, PING, { headers: { 'Mcp-Session-Id': 'A'.repeat(43) } }),
    status: 404,
    code: -32000,
    check: (answer) => expect(answer.json.id).toBe(7),
  },
  {
    title: 'a session of another key',
    send: (server) => legacy(server, PING, { headers: { 'Mcp-Session-Id': server.otherSession } }),
    status: 404,
    code: -32000,
  },
  {
    title: 'a DELETE for a session of another key',
    send: (server) =>
      post(server, '', { httpMethod: 'DELETE', headers: { 'Mcp-Session-Id': server.otherSession } }),
    status: 404,
    code: -32000,
  },
  {
    title: 'a session that is a path',
    send: (server) => legacy(server, PING, { headers: { 'Mcp-Session-Id': '../../etc/passwd' } }),
    status: 404,
    code: -32000,
  },
  {
    title: 'a GET stream without a session',
    send: (server) => post(server, '', { httpMethod: 'GET', headers: { Accept: 'text/event-stream' } }),
    status: 400,
    code: -32000,
  },
  {
    title: 'a version that no legacy session speaks',
    send: (server) => legacy(server, PING, { headers: { 'MCP-Protocol-Version': '1999-01-01' } }),
    status: 400,
    code: -32000,
  },
  {
    title: 'initialize without a version',
    send: (server) => post(server, '{"jsonrpc":"2.0","id":7,"method":"initialize","params":{}}'),
    status: 200,
    code: -32602,
  },
];

const credential = (
  title: string,
  headers: Readonly<Record<string, string | undefined>>,
): HostileRequest => ({
  title,
  send: (server) => legacy(server, PING, { headers: { 'X-Api-Key': undefined, ...headers } }),
  status: 401,
  code: -32001,
  check: (answer) => expect(answer.headers['www-authenticate']).toBe('Bearer'),
});

export const credentials: readonly HostileRequest[] = [
  credential('two keys that differ', { 'X-Api-Key': KEY, Authorization: `Bearer ${OTHER_KEY}` }),
  credential('the key in another scheme', {
    Authorization: `Basic ${Buffer.from(`a:${KEY}`).toString('base64')}`,
  }),
  credential('the same key twice', { 'X-Api-Key': KEY, 'x-api-key': KEY }),
  credential('a key of 10 KB', { 'X-Api-Key': 'k'.repeat(10_000) }),
  {
    title: 'the key in the query',
    send: (server) =>
      modern(
        server,
        'tools/list',
        {},
        { target: `/mcp?api_key=${KEY}&x-api-key=${KEY}`, headers: { 'X-Api-Key': undefined } },
      ),
    status: 401,
    code: 4010,
    check: (answer) => expect(answer.json.error.data.reason).toBe('missing'),
  },
  {
    title: 'a foreign Host',
    send: (server) => legacy(server, PING, { headers: { Host: 'evil.example' } }),
    status: 403,
    code: -32002,
  },
  {
    title: 'a Host that only begins like an allowed one',
    send: (server) => legacy(server, PING, { headers: { Host: '127.0.0.1.evil.example' } }),
    status: 403,
    code: -32002,
  },
  {
    title: 'a Host with a user in it',
    send: (server) => legacy(server, PING, { headers: { Host: '127.0.0.1@evil.example' } }),
    status: 403,
    code: -32002,
  },
  {
    title: 'a foreign Origin',
    send: (server) => legacy(server, PING, { headers: { Origin: 'https://evil.example' } }),
    status: 403,
    code: -32002,
  },
  {
    title: 'the Origin null',
    send: (server) => legacy(server, PING, { headers: { Origin: 'null' } }),
    status: 403,
    code: -32002,
  },
  {
    title: 'a request id with CR and LF in percent form is replaced',
    send: (server) => legacy(server, PING, { headers: { 'X-Request-Id': 'a%0d%0aInjected: 1' } }),
    status: 200,
    check(answer) {
      expect(answer.headers['x-request-id']).toMatch(/^[\w-]+$/);
      expect(answer.headers.injected).toBeUndefined();
    },
  },
];

function version(server: HostileServer, claimed: string) {
  const _meta = { ...MODERN_META, 'io.modelcontextprotocol/protocolVersion': claimed };
  return modern(server, 'tools/list', { _meta }, { headers: { 'MCP-Protocol-Version': claimed } });
}

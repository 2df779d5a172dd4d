// Hostile messages: JSON that is none, JSON-RPC that is none, values meant to break what reads them.
import { expect } from 'vitest';
import { MODERN_META } from '../support/http-endpoint.ts';
import type { RawAnswer } from '../support/raw-http.ts';
import type { HostileRequest, HostileServer } from './hostile-server.ts';
import { call, legacy, modern, post, textOf } from './message.ts';

const DEPTH = 1_000_000;
const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

const body = (text: string | Buffer) => (server: HostileServer) => post(server, text);
const inSession = (text: string) => (server: HostileServer) => legacy(server, text);

const isToolError = (answer: RawAnswer) => expect(answer.json.result.isError).toBe(true);

/** The handler got exactly what was sent; the arguments come back as JSON. */
const arrives = (json: string) => (answer: RawAnswer) => {
  expect(answer.json.result.isError).not.toBe(true);
  expect(textOf(answer)).toBe(json);
};

export const json: readonly HostileRequest[] = [
  { title: 'an empty body', send: body(''), status: 400, code: -32700 },
  { title: 'JSON that breaks off', send: body('{"jsonrpc":"2.0","id":1,'), status: 400, code: -32700 },
  {
    title: 'text after the JSON',
    send: body('{"jsonrpc":"2.0","id":1,"method":"ping"} {}'),
    status: 400,
    code: -32700,
  },
  { title: 'a comment in the JSON', send: body('{"jsonrpc":"2.0",/*x*/"id":1}'), status: 400, code: -32700 },
  {
    title: 'NaN in the JSON',
    send: body('{"jsonrpc":"2.0","id":NaN,"method":"ping"}'),
    status: 400,
    code: -32700,
  },
  {
    title: 'a raw NUL in the JSON',
    send: body('{"jsonrpc":"2.0","id":"a\0b","method":"ping"}'),
    status: 400,
    code: -32700,
  },
  { title: 'broken UTF-8', send: body(Buffer.from([0x22, 0xc3, 0x28, 0x22])), status: 400, code: -32700 },
  { title: 'overlong UTF-8', send: body(Buffer.from([0x22, 0xc0, 0xaf, 0x22])), status: 400, code: -32700 },
  { title: 'UTF-16', send: body(Buffer.from('\ufeff{"a":1}', 'utf16le')), status: 400, code: -32700 },
  { title: 'arrays a million deep', send: body(nested(DEPTH)), status: 400, code: -32600 },
  { title: 'arrays a million deep that break off', send: body('['.repeat(DEPTH)), status: 400, code: -32600 },
];

const notRequests: readonly (readonly [string, string])[] = [
  ['null', 'null'],
  ['a number', '7'],
  ['a text', '"ping"'],
  ['an object without anything', '{}'],
  ['another version of JSON-RPC', '{"jsonrpc":"1.0","id":1,"method":"ping"}'],
  ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"ping"}'],
  ['an id that is null', '{"jsonrpc":"2.0","id":null,"method":"ping"}'],
  ['an id that is a fraction', '{"jsonrpc":"2.0","id":1.5,"method":"ping"}'],
  ['an id beyond safe integers', '{"jsonrpc":"2.0","id":1e300,"method":"ping"}'],
  ['an id of 10 KB', `{"jsonrpc":"2.0","id":"${'x'.repeat(10_000)}","method":"ping"}`],
  ['a method that is a number', '{"jsonrpc":"2.0","id":1,"method":7}'],
  ['a method that is null', '{"jsonrpc":"2.0","id":1,"method":null}'],
  ['params that are an array', '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":[1]}'],
  ['params that are null', '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":null}'],
];

/** In both eras, by header alone. */
export const notMessages: readonly HostileRequest[] = notRequests.flatMap(([title, text]) => [
  { title: `${title} (legacy)`, send: inSession(text), status: 400, code: -32600 },
  {
    title: `${title} (modern)`,
    send: (server: HostileServer) =>
      post(server, text, { headers: { 'MCP-Protocol-Version': '2026-07-28' } }),
    status: 400,
    code: -32600,
  },
]);

const BATCH = JSON.stringify(
  Array.from({ length: 5000 }, (_, id) => ({ jsonrpc: '2.0', id, method: 'ping' })),
);

const inBatchSession = (text: string) => (server: HostileServer) =>
  legacy(server, text, { headers: { 'Mcp-Session-Id': server.batchSession } });

export const batches: readonly HostileRequest[] = [
  { title: 'a batch of thousands', send: inBatchSession(BATCH), status: 400, code: -32600 },
  { title: 'an empty batch', send: inBatchSession('[]'), status: 400, code: -32600 },
  {
    title: 'a batch within a batch',
    send: inBatchSession('[[{"jsonrpc":"2.0","id":1,"method":"ping"}]]'),
    status: 200,
    check: (answer) => expect(answer.json[0].error.code).toBe(-32600),
  },
  {
    title: 'initialize within a batch',
    send: inBatchSession('[{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}]'),
    status: 400,
    code: -32600,
  },
  {
    title: 'a batch where the revision has none',
    send: inSession('[{"jsonrpc":"2.0","id":1,"method":"ping"}]'),
    status: 400,
    code: -32600,
  },
];

/** Names that an object has without anybody having put them there. */
const INHERITED = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'];

export const methods: readonly HostileRequest[] = [
  ...['no/such', '', 'TOOLS/LIST', 'tools/list\u0000', 'x'.repeat(100_000), ...INHERITED].flatMap(
    (method): HostileRequest[] => {
      const shown = JSON.stringify(method.slice(0, 20));
      return [
        {
          title: `the method ${shown} (legacy)`,
          send: (server) => legacy(server, { jsonrpc: '2.0', id: 7, method }),
          status: 200,
          code: -32601,
          check: (answer) => expect(answer.json.id).toBe(7),
        },
        // A header cannot carry every method; those that it cannot carry are a mismatch.
        ...(/^[\x21-\x7e]{1,1000}$/.test(method)
          ? [
              {
                title: `the method ${shown} (modern)`,
                send: (server: HostileServer) => modern(server, method),
                status: 404,
                code: -32601,
              },
            ]
          : []),
      ];
    },
  ),
  ...INHERITED.map(
    (name): HostileRequest => ({
      title: `the tool ${name}`,
      send: (server) => call(server, name, {}),
      status: 200,
      code: -32602,
    }),
  ),
  ...INHERITED.map(
    (name): HostileRequest => ({
      title: `the prompt ${name}`,
      send: (server) => modern(server, 'prompts/get', { name }),
      status: 200,
      code: -32602,
    }),
  ),
];

const wrongTypes: readonly (readonly [string, string, string])[] = [
  ['a tool name that is a number', 'tools/call', '{"name":7}'],
  ['a tool name that is an array', 'tools/call', '{"name":["echo"]}'],
  ['a resource URI that is an object', 'resources/read', '{"uri":{}}'],
  ['a prompt name that is missing', 'prompts/get', '{}'],
  ['a cursor that is a number', 'tools/list', '{"cursor":7}'],
  ['a cursor that nobody issued', 'tools/list', '{"cursor":"AAAA"}'],
  ['a cursor of 100 KB', 'tools/list', `{"cursor":"${'A'.repeat(100_000)}"}`],
];

export const parameters: readonly HostileRequest[] = [
  ...wrongTypes.flatMap(([title, method, params]): HostileRequest[] => [
    {
      title: `${title} (legacy)`,
      send: inSession(`{"jsonrpc":"2.0","id":7,"method":"${method}","params":${params}}`),
      status: 200,
      code: -32602,
    },
    {
      title: `${title} (modern)`,
      send: (server) =>
        modern(
          server,
          method,
          `{"_meta":${JSON.stringify(MODERN_META)}${params === '{}' ? '}' : `,${params.slice(1)}`}`,
        ),
      status: 200,
      code: -32602,
    },
  ]),
  {
    title: 'arguments that are an array',
    send: (server) => call(server, 'echo', []),
    status: 200,
    code: -32602,
  },
  {
    title: 'a text for a number',
    send: (server) => call(server, 'typed', { count: '7' }),
    status: 200,
    check: isToolError,
  },
  {
    title: 'a number beyond all bounds',
    send: (server) => call(server, 'typed', '{"count":1e999}'),
    status: 200,
    check: isToolError,
  },
  {
    title: 'arguments deeper than the limit',
    send: (server) => call(server, 'echo', `{"a":${nested(100)}}`),
    status: 200,
    check(answer) {
      isToolError(answer);
      expect(answer.json.result._meta.error.issues[0].expected).toContain('32');
    },
  },
  {
    title: 'arguments a million deep',
    send: (server) => call(server, 'echo', `{"a":${nested(DEPTH)}}`),
    status: 400,
    code: -32600,
  },
  {
    title: '_meta as deep as a body may be',
    send: (server) =>
      modern(
        server,
        'tools/list',
        `{"_meta":${JSON.stringify(MODERN_META).slice(0, -1)},"x":${nested(900)}}}`,
      ),
    status: 200,
  },
  {
    title: 'capabilities as deep as a body may be',
    send: (server) =>
      post(
        server,
        `{"jsonrpc":"2.0","id":7,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{"x":${nested(900)}}}}`,
      ),
    status: 200,
  },
  {
    title: 'a text longer than the limit',
    send: (server) => call(server, 'echo', { a: 'x'.repeat(1_048_577) }),
    status: 200,
    check: isToolError,
  },
  {
    title: 'an array longer than the limit',
    send: (server) => call(server, 'echo', { a: Array.from({ length: 10_001 }, () => 0) }),
    status: 200,
    check: isToolError,
  },
];

export const values: readonly HostileRequest[] = [
  ...[
    '{"__proto__":{"polluted":true},"a":1}',
    '{"constructor":{"prototype":{"polluted":true}}}',
    '{"a":{"__proto__":{"x":1}}}',
  ].map(
    (text): HostileRequest => ({
      title: `arguments ${text} arrive as they are`,
      send: (server) => call(server, 'echo', text),
      status: 200,
      check: arrives(text),
    }),
  ),
  {
    title: 'of two equal keys the last one counts, as JSON.parse has it',
    send: (server) => call(server, 'echo', '{"a":1,"a":2}'),
    status: 200,
    check: arrives('{"a":2}'),
  },
  {
    title: 'a lone surrogate arrives as it is',
    send: (server) => call(server, 'echo', '{"a":"\\ud800"}'),
    status: 200,
    check: arrives('{"a":"\\ud800"}'),
  },
  {
    title: 'an escaped NUL and control characters arrive as they are',
    send: (server) => call(server, 'echo', '{"a":"\\u0000\\u001b[31m"}'),
    status: 200,
    check: arrives('{"a":"\\u0000\\u001b[31m"}'),
  },
  {
    title: 'markup and SQL arrive as they are',
    send: (server) => call(server, 'echo', '{"a":"<script>\'; DROP TABLE x; -- &lt;"}'),
    status: 200,
    check: arrives('{"a":"<script>\'; DROP TABLE x; -- &lt;"}'),
  },
  {
    title: 'a polluted prototype would show in the next call',
    send: (server) => call(server, 'echo', {}),
    status: 200,
    check: arrives('{}'),
  },
];

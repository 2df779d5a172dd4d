// The table of spec servers §3.1: twenty-five texts and the handler each stands for.
import { expect, test } from 'vitest';
import { type HandlerForm, parseHandlerText } from '../../src/definition/expand/handler-text.ts';

const table: readonly (readonly [string, HandlerForm])[] = [
  ['http://example.com/a', { type: 'http', url: 'http://example.com/a', method: 'POST' }],
  ['https://example.com/a', { type: 'http', url: 'https://example.com/a', method: 'POST' }],
  ['  https://example.com/trimmed  ', { type: 'http', url: 'https://example.com/trimmed', method: 'POST' }],
  ['https://example.com/?q=a=>b', { type: 'http', url: 'https://example.com/?q=a=>b', method: 'POST' }],
  ['registry:price', { type: 'registry', name: 'price' }],
  ['registry:return x', { type: 'registry', name: 'return x' }],
  ['sql:lead_time_metrics', { type: 'sql', template: 'lead_time_metrics' }],
  ['mcp:files/read_file', { type: 'mcp', upstream: 'files', tool: 'read_file' }],
  ['mcp:files/a/b', { type: 'mcp', upstream: 'files', tool: 'a/b' }],
  ['prompt:summarise', { type: 'prompt', prompt: 'summarise' }],
  ['args => args.a', { type: 'inline', code: 'args => args.a' }],
  ['(args, context) => args.a', { type: 'inline', code: '(args, context) => args.a' }],
  ['async (args) => await 1', { type: 'inline', code: 'async (args) => await 1' }],
  ['return args.a', { type: 'inline', code: 'return args.a' }],
  ['return\n1', { type: 'inline', code: 'return\n1' }],
  ['return(1)', { type: 'inline', code: 'return(1)' }],
  ['return{a:1}', { type: 'inline', code: 'return{a:1}' }],
  ['return[1]', { type: 'inline', code: 'return[1]' }],
  ['return"a"', { type: 'inline', code: 'return"a"' }],
  ['return`a`', { type: 'inline', code: 'return`a`' }],
  ['return;', { type: 'inline', code: 'return;' }],
  ['function run(args) { return 1 }', { type: 'inline', code: 'function run(args) { return 1 }' }],
  ['async function run() {}', { type: 'inline', code: 'async function run() {}' }],
  ['./tools/slugify.ts', { type: 'file', path: './tools/slugify.ts' }],
  ['returns/handler.js', { type: 'file', path: 'returns/handler.js' }],
];

test('P02: the table has twenty-five rows', () => {
  expect(table).toHaveLength(25);
});

test.each(table)('P02: %j is the handler of its row', (text, form) => {
  expect(parseHandlerText(text)).toEqual(form);
});

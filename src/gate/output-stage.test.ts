import { expect, test } from 'vitest';
import { testDefinition } from '../../test/support/definition.ts';
import type { Operation, Outcome, ToolResult, ToolSpec } from '../tool.ts';
import { outputStage } from './output-stage.ts';

const tool = { name: 'a', inputSchema: { type: 'object' } } as unknown as ToolSpec;

/** What leaves a server whose results may have 100 bytes. */
async function leaving(result: ToolResult): Promise<ToolResult> {
  const definition = testDefinition({ limits: { maxResultSize: 100 } });
  const target = { kind: 'tool', name: 'a', permission: { anyOf: [], allOf: [] }, tool } as const;
  const stage = outputStage.prepare(target, { slug: 'a', definition });
  const outcome: Outcome = { ok: true, result };
  const left = (await stage?.leave?.({} as Operation, outcome)) ?? outcome;
  if (!left.ok) throw left.error;
  return left.result as ToolResult;
}

const text = (value: string): ToolResult => ({ content: [{ type: 'text', text: value }] });

test.each<[string, ToolResult]>([
  ['a text', text('x'.repeat(80))],
  ['characters of two bytes', text('é'.repeat(40))],
  ['structured content', { content: [], structuredContent: { rows: ['x'.repeat(60)] } }],
])('%s within the limit passes', async (_, result) => {
  expect(await leaving(result)).toBe(result);
});

test.each<[string, ToolResult]>([
  ['a text', text('x'.repeat(101))],
  ['characters of two bytes', text('é'.repeat(60))],
  ['characters of four bytes', text('😀'.repeat(30))],
  ['many short texts', { content: Array.from({ length: 20 }, () => ({ type: 'text', text: 'ab' })) }],
  ['structured content', { content: [], structuredContent: { rows: ['x'.repeat(101)] } }],
  ['_meta', { content: [], _meta: { note: 'x'.repeat(101) } }],
  ['an error', { ...text('x'.repeat(101)), isError: true }],
])('%s beyond the limit is refused, and the model is told what to do', async (_, result) => {
  const left = await leaving(result);
  expect(left.isError).toBe(true);
  expect(left.content[0]?.text).toBe(
    'Handler Error (HANDLER_OUTPUT_ERROR): The result is larger than limits.maxResultSize (100 bytes), so nothing of it was sent. Ask for less: fewer rows, a narrower filter, or one part at a time.',
  );
});

// Short forms of a tool into its canonical form: one `handler` object and one `inputSchema`.

import type { Report } from '../report.ts';
import { HTTP_METHODS } from '../schema/handler.ts';
import { fromJson, type Node, type ObjectNode, objectNode, textOf } from '../source/node.ts';
import { parseHandlerText, parseUpstreamText } from './handler-text.ts';
import { expandInput } from './input.ts';
import { applyToolEnvironment } from './overlay.ts';

/** Keys that each say what runs; exactly one of them stands in a tool. */
export const HANDLER_KEYS = ['handler', 'sql', 'http', 'file', 'prompt', 'upstream'] as const;
/** Keys that exist only in the short form. */
const SHORT_KEYS: ReadonlySet<string> = new Set(['input', 'database', ...HANDLER_KEYS.slice(1)]);

export interface ExpandContext {
  readonly report: Report;
  readonly environment: string;
}

/** Leaves what is not understood as it stands: the check reports it. */
export function expandTool(node: Node, context: ExpandContext): Node {
  if (node.kind !== 'object') return node;
  const tool = applyToolEnvironment(node, context.environment);
  const members = new Map([...tool.members].filter(([key]) => !SHORT_KEYS.has(key)));
  const handler = expandHandlers(tool, context.report);
  if (handler !== undefined) members.set('handler', handler);
  const idempotency = tool.members.get('idempotency');
  if (idempotency !== undefined) members.set('idempotency', expandReconcile(idempotency));
  const schema = expandSchema(tool, context.report);
  if (schema !== undefined) members.set('inputSchema', schema);
  const database = tool.members.get('database');
  if (database !== undefined && !takesDatabase(handler)) members.set('database', database);
  return { ...tool, members };
}

/** A handler given as text or object, anywhere one may stand. */
export function expandHandler(node: Node): Node {
  const text = textOf(node);
  return text === undefined ? node : fromJson({ ...parseHandlerText(text) }, node);
}

function expandReconcile(idempotency: Node): Node {
  if (idempotency.kind !== 'object') return idempotency;
  const { members } = idempotency;
  const reconcile = members.get('reconcile');
  if (reconcile === undefined) return idempotency;
  return { ...idempotency, members: new Map([...members, ['reconcile', expandHandler(reconcile)]]) };
}

function expandHandlers(tool: ObjectNode, report: Report): Node | undefined {
  const given = HANDLER_KEYS.filter((key) => tool.members.has(key));
  for (const extra of given.slice(1)) {
    const node = tool.members.get(extra);
    if (node === undefined) continue;
    report.error({
      rule: 'one-of',
      node,
      atKey: true,
      message: `The tool has '${given[0]}' already; '${extra}' says again what runs.`,
      fix: `Keep one of ${HANDLER_KEYS.join(', ')}.`,
    });
  }
  const [key] = given;
  const node = key === undefined ? undefined : tool.members.get(key);
  if (key === undefined || node === undefined) return undefined;
  return key === 'handler' ? withDatabase(expandHandler(node), tool) : expandShort(key, node, tool, report);
}

function expandShort(key: string, node: Node, tool: ObjectNode, report: Report): Node {
  const text = textOf(node);
  if (text === undefined) {
    report.error({
      rule: 'type',
      node,
      message: `The short form '${key}' must be a text.`,
      fix: 'Use `handler` for the object form.',
      received: 'value',
    });
    return standIn(node);
  }
  if (key === 'sql') {
    return objectNode(node, {
      type: fromJson('sql', node),
      statement: fromJson(text.trim(), node),
      database: tool.members.get('database'),
    });
  }
  if (key === 'http') return expandHttp(text.trim(), node, report);
  if (key === 'prompt') return fromJson({ type: 'prompt', prompt: text.trim() }, node);
  if (key === 'file') return expandFile(text.trim(), node);
  return fromJson({ type: 'mcp', ...parseUpstreamText(text.trim()) }, node);
}

/** In place of a handler that was reported already: a load with errors yields nothing, so it never runs. */
const standIn = (node: Node) => fromJson({ type: 'http', url: 'https://example.invalid/' }, node);

function expandHttp(text: string, node: Node, report: Report): Node {
  const [method = '', ...rest] = text.split(/\s+/);
  if (HTTP_METHODS.some((known) => known === method) && rest.length > 0) {
    return fromJson({ type: 'http', method, url: rest.join(' ') }, node);
  }
  report.error({
    rule: 'short-form',
    node,
    message: 'The short form of an HTTP request is METHOD URL.',
    fix: `Write for example GET https://example.com/a; methods are ${HTTP_METHODS.join(', ')}.`,
    received: 'value',
  });
  return standIn(node);
}

function expandFile(text: string, node: Node): Node {
  const hash = text.indexOf('#');
  if (hash === -1) return fromJson({ type: 'file', path: text }, node);
  return fromJson({ type: 'file', path: text.slice(0, hash), export: text.slice(hash + 1) }, node);
}

function withDatabase(handler: Node, tool: ObjectNode): Node {
  const database = tool.members.get('database');
  if (database === undefined || handler.kind !== 'object' || !takesDatabase(handler)) return handler;
  if (handler.members.has('database')) return handler;
  return { ...handler, members: new Map([...handler.members, ['database', database]]) };
}

function takesDatabase(handler: Node | undefined): boolean {
  return handler?.kind === 'object' && textOf(handler.members.get('type')) === 'sql';
}

function expandSchema(tool: ObjectNode, report: Report): Node | undefined {
  const input = tool.members.get('input');
  const schema = tool.members.get('inputSchema');
  if (input === undefined) return schema;
  if (schema !== undefined) {
    report.error({
      rule: 'one-of',
      node: input,
      atKey: true,
      message: "The tool has both 'input' and 'inputSchema'.",
      fix: "Keep one; 'input' is the short form of 'inputSchema'.",
    });
    return schema;
  }
  if (input.kind === 'object') return expandInput(input, report);
  report.error({
    rule: 'type',
    node: input,
    message: "'input' must be a map from argument to type.",
    fix: 'Write for example { city: string, limit?: integer = 20 }.',
    received: 'value',
  });
  return fromJson({ type: 'object' }, input);
}

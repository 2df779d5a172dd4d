// Handlers written as one text (spec servers §3.1). The first row that matches decides.

/** A handler object with what its text says; absent keys take their defaults. */
export type HandlerForm =
  | { readonly type: 'http'; readonly url: string; readonly method: 'POST' }
  | { readonly type: 'registry'; readonly name: string }
  | { readonly type: 'sql'; readonly template: string }
  | { readonly type: 'mcp'; readonly upstream: string; readonly tool: string }
  | { readonly type: 'prompt'; readonly prompt: string }
  | { readonly type: 'inline'; readonly code: string }
  | { readonly type: 'file'; readonly path: string };

const URL_START = /^https?:\/\//;
const PREFIXED = /^(registry|sql|mcp|prompt):([\s\S]*)$/;
const INLINE = /=>|^return[\s({['"`;]|^function|^async /;

/** What a handler text stands for. */
export function parseHandlerText(text: string): HandlerForm {
  const trimmed = text.trim();
  if (URL_START.test(trimmed)) return { type: 'http', url: trimmed, method: 'POST' };
  const prefixed = PREFIXED.exec(trimmed);
  if (prefixed !== null) return parsePrefixed(prefixed[1] ?? '', (prefixed[2] ?? '').trim());
  if (INLINE.test(trimmed)) return { type: 'inline', code: trimmed };
  return { type: 'file', path: trimmed };
}

/** `server/tool`; the tool is empty where there is no slash. */
export function parseUpstreamText(text: string): { readonly upstream: string; readonly tool: string } {
  const slash = text.indexOf('/');
  if (slash === -1) return { upstream: text, tool: '' };
  return { upstream: text.slice(0, slash), tool: text.slice(slash + 1) };
}

function parsePrefixed(prefix: string, rest: string): HandlerForm {
  if (prefix === 'registry') return { type: 'registry', name: rest };
  if (prefix === 'sql') return { type: 'sql', template: rest };
  if (prefix === 'prompt') return { type: 'prompt', prompt: rest };
  return { type: 'mcp', ...parseUpstreamText(rest) };
}

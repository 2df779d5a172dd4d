// Databases, models, APIs and upstreams: where they are.
import { appendPointer, nearestNode } from '../source/node.ts';
import { demandOne } from './handlers.ts';
import type { RuleContext } from './rule-context.ts';

const DATABASE_URL = /^(?:sqlite3?:.+|postgres(?:ql)?(?:\+[a-z0-9]+)?:\/\/.+)$/i;

export function checkEndpoints(context: RuleContext): void {
  const { definition, sound } = context;
  for (const [name, upstream] of Object.entries(definition.upstreams ?? {})) {
    const pointer = appendPointer('/upstreams', name);
    if (sound(pointer)) demandOne(context, pointer, { command: upstream.command, url: upstream.url });
  }
  for (const [name, database] of Object.entries(definition.databases ?? {})) {
    const pointer = appendPointer('/databases', name);
    if (!sound(`${pointer}/url`) || DATABASE_URL.test(database.url)) continue;
    context.report.error({
      rule: 'value',
      node: nearestNode(context.root, `${pointer}/url`),
      message: 'The address is of no supported database.',
      fix: 'Write sqlite:<path> or postgres://user:password@host/name.',
      received: 'secret',
    });
  }
  for (const [list, entries] of [
    ['models', definition.models],
    ['openapi', definition.openapi],
  ] as const) {
    for (const [name, entry] of Object.entries(entries ?? {})) {
      const pointer = `${appendPointer(`/${list}`, name)}/baseUrl`;
      if (sound(pointer)) checkBaseUrl(entry.baseUrl, pointer, context);
    }
  }
}

/** A path is appended to it, and keys travel as headers. */
function checkBaseUrl(baseUrl: string, pointer: string, { root, report }: RuleContext): void {
  const { protocol, username, password, search, hash } = new URL(baseUrl);
  const isPlain = username === '' && password === '' && search === '' && hash === '';
  if ((protocol === 'https:' || protocol === 'http:') && isPlain) return;
  report.error({
    rule: 'http-target',
    node: nearestNode(root, pointer),
    message: 'The base URL is not a plain http or https address.',
    fix: 'Write for example https://api.example.com/v1, and credentials in their own key.',
    received: 'secret',
  });
}

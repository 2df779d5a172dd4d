// The catalogue as two servers of one definition: one that lists its tools, and one that lets them be searched.
import { catalogue } from './catalogue.ts';

/** JSON of the definition; `handler` is the module that every tool runs. */
export function catalogueDefinition(handler: string): string {
  const tools = catalogue().map((tool) => ({ ...tool, handler: { type: 'file', path: handler } }));
  const security = { rateLimit: { enabled: false } };
  const server = (discovery: string) => ({ name: discovery, version: '1.0.0', discovery, tools, security });
  return JSON.stringify({ servers: { listed: server('list'), searched: server('search') } });
}

// The method names of MCP, as labels of metrics: a bounded set whatever clients send.

const METHODS: ReadonlySet<string> = new Set([
  'initialize',
  'ping',
  'server/discover',
  'subscriptions/listen',
  'tools/list',
  'tools/call',
  'prompts/list',
  'prompts/get',
  'resources/list',
  'resources/read',
  'resources/templates/list',
  'resources/subscribe',
  'resources/unsubscribe',
  'tasks/get',
  'tasks/update',
  'tasks/cancel',
  'tasks/result',
  'tasks/list',
  'completion/complete',
  'logging/setLevel',
  'notifications/initialized',
  'notifications/cancelled',
  'notifications/roots/list_changed',
]);

/** The method itself if MCP knows it, else `unknown`. */
export function methodLabel(method: unknown): string {
  return typeof method === 'string' && METHODS.has(method) ? method : 'unknown';
}

// Results as the modern revision wants them: typed, signed with the server's name, and with caching hints.
import type { ServerPlan } from '../../plan/server-plan.ts';
import type { JsonObject } from '../../tool.ts';
import { serverInfo } from '../capabilities.ts';
import { META } from './meta.ts';

/** One second: a change takes effect within it (spec servers §9), and clients that do not listen see it then. */
const LIST_TTL_MS = 1000;

/** How long a result may be reused; resources may change at any time. */
const TTLS: Readonly<Record<string, number>> = {
  'server/discover': LIST_TTL_MS,
  'tools/list': LIST_TTL_MS,
  'prompts/list': LIST_TTL_MS,
  'resources/list': LIST_TTL_MS,
  'resources/templates/list': LIST_TTL_MS,
  'resources/read': 0,
};

export interface ResultEncoder {
  /** JSON of a complete result; that of a shared object, such as a list page, is made once. */
  complete(server: ServerPlan, method: string, result: JsonObject): string;
  inputRequired(server: ServerPlan, result: JsonObject): string;
  /** A call that goes on (tasks extension, polymorphic results). */
  task(server: ServerPlan, result: JsonObject): string;
}

export function createResultEncoder(): ResultEncoder {
  const frames = new WeakMap<ServerPlan, ResultFrame>();
  const encoded = new WeakMap<JsonObject, string>();
  const frameOf = (server: ServerPlan): ResultFrame => {
    const known = frames.get(server);
    if (known !== undefined) return known;
    const made = createFrame(server);
    frames.set(server, made);
    return made;
  };
  return {
    complete(server, method, result) {
      const frame = frameOf(server);
      const ttlMs = TTLS[method];
      if (ttlMs === undefined) return frame.wrap('complete', result);
      // Reading a resource makes a new object each time: remembering it would help nobody.
      if (ttlMs === 0) return frame.wrap('complete', { ttlMs, cacheScope: 'private', ...result });
      const known = encoded.get(result);
      if (known !== undefined) return known;
      const shown = method === 'tools/list' ? toolsPage(result) : result;
      const json = frame.wrap('complete', { ttlMs, cacheScope: frame.cacheScope, ...shown });
      encoded.set(result, json);
      return json;
    },
    inputRequired: (server, result) => frameOf(server).wrap('input_required', result),
    task: (server, result) => frameOf(server).wrap('task', result),
  };
}

/** `execution` belongs to revision 2025-11-25: here the server alone decides what becomes a task. */
function toolsPage(page: JsonObject): JsonObject {
  if (!Array.isArray(page.tools)) return page;
  return { ...page, tools: page.tools.map(({ execution: _, ...tool }: JsonObject) => tool) };
}

interface ResultFrame {
  readonly cacheScope: 'public' | 'private';
  wrap(resultType: string, result: JsonObject): string;
}

function createFrame(server: ServerPlan): ResultFrame {
  const info = serverInfo(server);
  const meta = JSON.stringify({ [META.serverInfo]: info });
  return {
    cacheScope: cacheScopeOf(server),
    wrap(resultType, result) {
      const start = `{"resultType":"${resultType}","_meta":`;
      if (result._meta === undefined) {
        const rest = JSON.stringify(result);
        return rest === '{}' ? `${start}${meta}}` : `${start}${meta},${rest.slice(1)}`;
      }
      const { _meta, ...others } = result;
      const own = JSON.stringify({ ...(_meta as JsonObject), [META.serverInfo]: info });
      const rest = JSON.stringify(others);
      return rest === '{}' ? `${start}${own}}` : `${start}${own},${rest.slice(1)}`;
    },
  };
}

/** `public` lets a shared cache hand the answer to anybody: only right where nobody has to say who they are. */
function cacheScopeOf({ definition: { security } }: ServerPlan): 'public' | 'private' {
  const isOpen =
    !security.enabled || security.authentication === undefined || !security.authentication.enabled;
  return isOpen ? 'public' : 'private';
}

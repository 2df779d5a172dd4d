// Whether and how the answers of one tool are cached (governance §10.1): the tool's own word wins, then the map by name,
// then the switch of the server.
import type { Definition } from '../../definition/schema/definition.ts';
import type { GateServer, Target } from '../stage.ts';

export interface CacheSettings {
  readonly ttlMs: number;
  readonly entriesMax: number;
  readonly vary: 'tenant' | 'principal' | 'public';
}

/** What the environment says over every definition. */
export interface CacheOverrides {
  /** `CACHE_ENABLED`: false caches nothing at all, true is `caching.enabled` where a definition says nothing. */
  readonly enabled?: boolean;
  /** `CACHE_DEFAULT_TTL` in milliseconds. */
  readonly ttlMs?: number;
  /** `CACHE_MAX_SIZE`. */
  readonly entriesMax?: number;
}

/** Of a definition that has no block of its own. */
const TTL_SECONDS = 300;
const ENTRIES_MAX = 1000;

/** Kinds of handlers whose answer follows from the arguments alone; code is told who calls. */
const BLIND_TO_CALLER: ReadonlySet<HandlerType | undefined> = new Set(['http', 'sql']);
type ToolDefinition = Definition['tools'][number];
type HandlerType = ToolDefinition['handler']['type'];

/** Undefined: answers of this target are never cached. */
export function cacheSettings(
  target: Target,
  { definition }: GateServer,
  overrides: CacheOverrides,
): CacheSettings | undefined {
  const { tool: spec } = target;
  if (spec === undefined || overrides.enabled === false) return undefined;
  const tool = definition.tools.find(({ name }) => name === spec.name);
  // A pack's: only the pack knows when an answer no longer holds, and keeps it until then.
  if (tool === undefined && spec.foreignHints === undefined) return undefined;
  const caching = definition.caching;
  const byName = caching?.tools[spec.name] ?? caching?.tools[spec.listedName];
  // The general switch is for tools of the definition.
  const general = tool === undefined ? false : (overrides.enabled ?? caching?.enabled ?? false);
  const isOn = tool?.cache?.enabled ?? byName?.enabled ?? general;
  // An explicit `cache` declares the tool read-only; the load has refused it where that cannot be (servers §2.2).
  // A tool of an upstream has no definition of its own: naming it in `caching.tools` is the declaration.
  const isNamed = spec.foreignHints !== undefined && byName?.enabled === true;
  const isDeclared = tool?.cache?.enabled === true || isNamed;
  if (!isOn || (!isDeclared && spec.annotations.readOnlyHint !== true)) return undefined;
  const own = tool?.cache?.ttl ?? byName?.ttl;
  return {
    ttlMs: own === undefined ? (overrides.ttlMs ?? (caching?.ttl ?? TTL_SECONDS) * 1000) : own * 1000,
    entriesMax: overrides.entriesMax ?? caching?.maxSize ?? ENTRIES_MAX,
    vary: tool?.cache?.vary ?? (BLIND_TO_CALLER.has(tool?.handler.type) ? 'tenant' : 'principal'),
  };
}

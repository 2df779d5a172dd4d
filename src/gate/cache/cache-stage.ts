// Step 10 of reads: an answer that is known and still holds is given again. One caller asks, all who ask meanwhile wait.
import { createHash } from 'node:crypto';
import type { JsonObject, Operation, Outcome } from '../../tool.ts';
import { canonicalJson } from '../canonical-json.ts';
import type { GateServer, OperationStage, PreparedStage, Target, Verdict } from '../stage.ts';
import { type CachePlace, type Look, SHARED } from './backend.ts';
import { type CacheSettings, cacheSettings } from './cache-settings.ts';
import { type CacheWord, type ResponseCache, serverTag, tenantTag } from './response-cache.ts';

/** Says in `_meta` where an answer came from: `hit`, `miss` or `bypass`. */
const CACHE_META = 'quayside/cache';
/** A request whose `_meta` says `no-cache` here is answered afresh. */
const CACHE_CONTROL_META = 'quayside/cacheControl';
const CACHE_HEADER = 'x-cache';

/** An operation that was let through to its handler. */
interface Passing {
  readonly word: CacheWord;
  readonly place: CachePlace | undefined;
  readonly versions: string | undefined;
  /** Tells those who wait for this answer; undefined text: there is none to share. */
  readonly land: ((text: string | undefined) => void) | undefined;
}

/** Applies to the tools that are cached; undefined `cache`: to none. */
export function cacheStage(cache: ResponseCache | undefined): OperationStage {
  return {
    name: 'cache',
    prepare(target, server) {
      const settings = cache === undefined ? undefined : cacheSettings(target, server, cache.overrides);
      if (cache === undefined || settings === undefined) return undefined;
      cache.serves(server.slug, settings.entriesMax);
      return prepareCache(cache, settings, { target, server });
    },
  };
}

function prepareCache(
  cache: ResponseCache,
  settings: CacheSettings,
  place: { readonly target: Target; readonly server: GateServer },
): PreparedStage {
  const placeOf = placeMaker(settings, place.target, place.server);
  const tagsOf = tagMaker(settings, place.server.slug);
  const passing = new WeakMap<Operation, Passing>();
  const flights = new Map<string, Promise<string | undefined>>();

  const pass = (operation: Operation, word: CacheWord, rest: Partial<Passing> = {}): undefined => {
    operation.answerHeaders[CACHE_HEADER] = word;
    passing.set(operation, { word, place: undefined, versions: undefined, land: undefined, ...rest });
    return undefined;
  };
  const hit = (operation: Operation, text: string): Verdict => {
    cache.count(operation.principal.tenantId, 'hit');
    operation.answerHeaders[CACHE_HEADER] = 'hit';
    return { answer: { ok: true, result: marked(parseResult(text), 'hit') } };
  };
  const miss = (operation: Operation, at: CachePlace, { versions }: Look, isLeader: boolean): undefined => {
    cache.count(operation.principal.tenantId, 'miss');
    if (!isLeader) return pass(operation, 'miss', { place: at, versions });
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const id = flightId(at);
    flights.set(id, promise);
    const land = (text: string | undefined): void => {
      flights.delete(id);
      resolve(text);
    };
    return pass(operation, 'miss', { place: at, versions, land });
  };
  const decide = (operation: Operation, at: CachePlace, look: Look): Verdict | Promise<Verdict> => {
    if (look.text !== undefined) return hit(operation, look.text);
    const flight = flights.get(flightId(at));
    if (flight === undefined) return miss(operation, at, look, true);
    // What the first got may be no answer for all: then each asks for itself.
    return flight.then((text) =>
      text === undefined ? miss(operation, at, look, false) : hit(operation, text),
    );
  };
  return {
    name: 'cache',
    enter(operation) {
      if (operation.meta?.[CACHE_CONTROL_META] === 'no-cache') {
        cache.count(operation.principal.tenantId, 'bypass');
        return pass(operation, 'bypass');
      }
      const at = placeOf(operation);
      const look = cache.backend.look(at, tagsOf(operation));
      return look instanceof Promise
        ? look.then((found) => decide(operation, at, found))
        : decide(operation, at, look);
    },
    leave(operation, outcome) {
      const passed = passing.get(operation);
      if (passed === undefined) return outcome;
      const text = textToKeep(outcome);
      const { place: at, versions, land, word } = passed;
      if (text !== undefined && at !== undefined && versions !== undefined)
        cache.backend.keep(at, { text, versions, ttlMs: settings.ttlMs });
      land?.(text);
      return outcome.ok && isObject(outcome.result)
        ? { ok: true, result: marked(outcome.result, word) }
        : outcome;
    },
  };
}

/**
 * The definition of the tool is part of the hash, so that one that was changed while the process was down finds nothing
 * of the old one in Redis.
 */
function placeMaker(
  { vary, entriesMax }: CacheSettings,
  { name }: Target,
  { slug, definition }: GateServer,
): (operation: Operation) => CachePlace {
  const tool = definition.tools.find((one) => one.name === name);
  const fixed = `${JSON.stringify([slug, definition.version, name])}${JSON.stringify(tool ?? null)}`;
  return ({ args, principal }) => {
    const partition = vary === 'public' ? SHARED : principal.tenantId;
    const who = vary === 'principal' ? [principal.type, principal.id] : [];
    const hash = createHash('sha256')
      .update(fixed)
      .update(canonicalJson([partition, who, args]))
      .digest('hex');
    return { partition, slug, key: `${slug}:${name}:${hash}`, entriesMax };
  };
}

function tagMaker({ vary }: CacheSettings, slug: string): (operation: Operation) => readonly string[] {
  const server = serverTag(slug);
  if (vary === 'public') return () => [server];
  return ({ principal }) => [server, tenantTag(principal.tenantId)];
}

function flightId({ partition, key }: CachePlace): string {
  return `${partition}\0${key}`;
}

/** JSON of an answer that others may get: a success of a tool that does not forbid it. */
function textToKeep(outcome: Outcome): string | undefined {
  if (!outcome.ok || !isObject(outcome.result)) return undefined;
  const { result } = outcome;
  if (result.isError === true || !Array.isArray(result.content)) return undefined;
  if (isObject(result._meta) && result._meta.noStore === true) return undefined;
  return JSON.stringify(result);
}

function marked(result: JsonObject, word: CacheWord): JsonObject {
  const meta = isObject(result._meta) ? result._meta : {};
  return { ...result, _meta: { ...meta, [CACHE_META]: word } };
}

/** Written by this stage from a tool's result; a new object for each who asks. */
function parseResult(text: string): JsonObject {
  return JSON.parse(text);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

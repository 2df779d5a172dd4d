// The documents that one API description is spread over, and the references between them.
import { isRecord, memberOf } from './json-value.ts';

/** A description in more files than this is generated, or endless. */
const DOCUMENTS_MAX = 100;
/** References that lead to references. */
const CHAIN_MAX = 32;

/** A value and the document it stands in, which its references are relative to. */
export interface Place {
  readonly uri: string;
  readonly value: unknown;
}

/** All documents of one description. */
export interface Documents {
  readonly root: Place;
  /** Follows `$ref` to the end; the place itself where there is none. Undefined: it leads nowhere. */
  resolve(place: Place): Place | undefined;
  /** The absolute form of a reference, by which a cycle is known. */
  absolute(reference: string, from: Place): string;
}

/**
 * Asks, by yielding its URI, for each document that the first one refers to; whoever drives it answers with the parsed
 * value, or undefined for what may not or cannot be read.
 */
export function* gatherDocuments(uri: string, root: unknown): Generator<string, Documents, unknown> {
  const known = new Map<string, unknown>([[uri, root]]);
  const queue: Place[] = [{ uri, value: root }];
  for (let place = queue.shift(); place !== undefined; place = queue.shift()) {
    for (const other of foreignUris(place)) {
      if (known.has(other) || known.size >= DOCUMENTS_MAX) continue;
      const value = yield other;
      known.set(other, value);
      if (value !== undefined) queue.push({ uri: other, value });
    }
  }
  return createDocuments(uri, known);
}

function createDocuments(uri: string, known: ReadonlyMap<string, unknown>): Documents {
  const absolute = (reference: string, from: Place) =>
    reference.startsWith('#') ? from.uri + reference : (join(reference, from.uri) ?? reference);
  return {
    root: { uri, value: known.get(uri) },
    absolute,
    resolve(start) {
      let place = start;
      for (let steps = 0; steps < CHAIN_MAX; steps++) {
        const reference = memberOf(place.value, '$ref');
        if (typeof reference !== 'string') return place;
        const target = absolute(reference, place);
        const hash = target.indexOf('#');
        const document = hash === -1 ? target : target.slice(0, hash);
        const value = follow(known.get(document), hash === -1 ? '' : target.slice(hash + 1));
        if (value === undefined) return undefined;
        place = { uri: document, value };
      }
      return undefined;
    },
  };
}

/** RFC 6901, in a fragment. */
function follow(document: unknown, pointer: string): unknown {
  if (pointer === '') return document;
  if (!pointer.startsWith('/')) return undefined;
  let value = document;
  for (const step of pointer.slice(1).split('/')) {
    const key = decode(step).replaceAll('~1', '/').replaceAll('~0', '~');
    value = Array.isArray(value) ? value[Number(key)] : memberOf(value, key);
  }
  return value;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign that begins no escape stands for itself.
    return text;
  }
}

function join(reference: string, base: string): string | undefined {
  return URL.parse(reference, base)?.href;
}

/** Members that hold data, in which `$ref` is a name like any other. */
const DATA: ReadonlySet<string> = new Set(['example', 'examples', 'default', 'enum', 'const']);

/** Without fragment, of every `$ref` that leaves its document. */
function foreignUris({ uri, value }: Place): Set<string> {
  const found = new Set<string>();
  // `named`: the keys of the value are somebody's names, and no keywords.
  const stack: { readonly one: unknown; readonly named: boolean }[] = [{ one: value, named: false }];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { one, named } = next;
    if (Array.isArray(one)) for (const item of one) stack.push({ one: item, named: false });
    if (!isRecord(one)) continue;
    const reference = memberOf(one, '$ref');
    if (typeof reference === 'string' && !reference.startsWith('#')) {
      const target = join(reference, uri)?.replace(/#.*$/s, '');
      if (target !== undefined && target !== uri) found.add(target);
    }
    for (const [key, member] of Object.entries(one)) {
      const isData = !named && (DATA.has(key) || key.startsWith('x-'));
      if (!isData) stack.push({ one: member, named: key === 'properties' && !named });
    }
  }
  return found;
}

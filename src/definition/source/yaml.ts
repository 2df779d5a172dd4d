// YAML 1.2 (core schema, with anchors and merge keys) into a tree of located nodes.
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Pair,
  parseDocument,
  type YAMLMap,
  type YAMLParseError,
  type Node as YamlNode,
} from 'yaml';
import { appendPointer, type Node } from './node.ts';
import { duplicateKey, type Parsed, type SyntaxProblem } from './syntax-problem.ts';

/** Bounds what anchors can multiply: far above any use of them, and quickly built. */
const ALIASED_NODES_MAX = 100_000;
/** Deeper than any schema may be, and far from the end of the stack. */
const DEPTH_MAX = 200;

/** Problems hold every syntax error and every repeated key. */
export function parseYaml(text: string): Parsed {
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    // Checked below, where the pointer is known and the rest is still read.
    uniqueKeys: false,
    prettyErrors: false,
    strict: true,
  });
  if (document.errors.length > 0) return { root: undefined, problems: document.errors.map(toProblem) };
  if (document.contents === null) return { root: undefined, problems: [empty()] };
  const build: Build = { document, problems: [], duplicates: [], targets: new Map(), aliasedNodes: 0 };
  const root = toNode(document.contents, { pointer: '', depth: 0 }, build);
  const problems = [...build.duplicates, ...build.problems];
  return { root: build.problems.length > 0 ? undefined : root, problems };
}

function toProblem(error: YAMLParseError): SyntaxProblem {
  const message = error.message.endsWith('.') ? error.message : `${error.message}.`;
  return { at: error.pos[0], rule: 'syntax', message, fix: 'Correct the YAML here.' };
}

interface Build {
  readonly document: Document;
  /** These leave no usable tree. */
  readonly problems: SyntaxProblem[];
  readonly duplicates: SyntaxProblem[];
  /** Resolving walks the document, so each alias is resolved once. */
  readonly targets: Map<Alias, YamlNode | undefined>;
  aliasedNodes: number;
}
interface Place {
  readonly pointer: string;
  readonly depth: number;
  readonly keyAt?: number;
  /** Where an alias stands that led here: what it stands for was written there. */
  readonly aliasAt?: number;
}

function empty(): SyntaxProblem {
  return { at: 0, rule: 'syntax', message: 'The document is empty.', fix: 'Give at least name and version.' };
}

function toNode(yaml: unknown, place: Place, build: Build): Node {
  const at = place.aliasAt ?? offsetOf(yaml) ?? place.keyAt ?? 0;
  const placed = { at, pointer: place.pointer, ...(place.keyAt === undefined ? {} : { keyAt: place.keyAt }) };
  if (place.aliasAt !== undefined) build.aliasedNodes += 1;
  if (build.aliasedNodes > ALIASED_NODES_MAX || place.depth > DEPTH_MAX) {
    if (build.problems.length === 0) build.problems.push(tooLarge(at));
    return { ...placed, kind: 'scalar', value: null };
  }
  if (isAlias(yaml)) return followAlias(yaml, { ...place, aliasAt: at }, build);
  if (isSeq(yaml)) {
    const items = yaml.items.map((item, index) => toNode(item, childPlace(place, index), build));
    return { ...placed, kind: 'array', items };
  }
  if (isMap(yaml)) return { ...placed, kind: 'object', members: toMembers(yaml, place, build) };
  return { ...placed, kind: 'scalar', value: toScalar(yaml, at, build) };
}

function childPlace(place: Place, step: string | number, keyAt?: number): Place {
  return {
    pointer: appendPointer(place.pointer, step),
    depth: place.depth + 1,
    ...(keyAt === undefined ? {} : { keyAt: place.aliasAt ?? keyAt }),
    ...(place.aliasAt === undefined ? {} : { aliasAt: place.aliasAt }),
  };
}

function followAlias(alias: Alias, place: Place, build: Build): Node {
  if (!build.targets.has(alias)) build.targets.set(alias, alias.resolve(build.document));
  const target = build.targets.get(alias);
  if (target !== undefined) return toNode(target, { ...place, depth: place.depth + 1 }, build);
  const at = place.aliasAt ?? 0;
  build.problems.push({
    at,
    rule: 'syntax',
    message: `The alias *${alias.source} has no anchor.`,
    fix: `Add &${alias.source} to the value it stands for.`,
  });
  return { at, pointer: place.pointer, kind: 'scalar', value: null };
}

function toMembers(map: YAMLMap, place: Place, build: Build): Map<string, Node> {
  const members = new Map<string, Node>();
  const merged = new Map<string, Node>();
  for (const pair of map.items) {
    const at = offsetOf(pair.key) ?? 0;
    const key = toKey(pair, at, build);
    if (key === '<<' && !isScalar(pair.value)) {
      mergeInto(merged, toNode(pair.value, childPlace(place, key, at), build));
    } else {
      if (members.has(key)) build.duplicates.push(duplicateKey(at, appendPointer(place.pointer, key)));
      members.set(key, toNode(pair.value, childPlace(place, key, at), build));
    }
  }
  // A key given in the map itself wins over the same key of a merged one.
  for (const [key, node] of merged) if (!members.has(key)) members.set(key, node);
  return members;
}

function mergeInto(target: Map<string, Node>, node: Node): void {
  if (node.kind === 'array') for (const item of node.items) mergeInto(target, item);
  if (node.kind !== 'object') return;
  for (const [key, value] of node.members) if (!target.has(key)) target.set(key, value);
}

function toKey(pair: Pair, at: number, build: Build): string {
  if (isScalar(pair.key)) return pair.key.source ?? String(pair.key.value);
  build.problems.push({
    at,
    rule: 'syntax',
    message: 'A key is not a plain text.',
    fix: 'Write the key as text.',
  });
  return '';
}

function toScalar(yaml: unknown, at: number, build: Build): string | number | boolean | null {
  const value = isScalar(yaml) ? yaml.value : yaml;
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  build.problems.push({
    at,
    rule: 'syntax',
    message: 'The value has no JSON form.',
    fix: 'Write a text, a finite number, true, false or null.',
  });
  return null;
}

function offsetOf(yaml: unknown): number | undefined {
  if (typeof yaml !== 'object' || yaml === null || !('range' in yaml) || !Array.isArray(yaml.range))
    return undefined;
  return Number(yaml.range[0]);
}

function tooLarge(at: number): SyntaxProblem {
  return {
    at,
    rule: 'size',
    message: `Aliases stand for more than ${ALIASED_NODES_MAX} values, or the document is nested deeper than ${DEPTH_MAX}.`,
    fix: 'Use fewer aliases, or split the document.',
  };
}

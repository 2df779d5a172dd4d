// A document as a tree whose every node knows where the author wrote it. Expansion of short forms builds new
// trees out of old nodes, so whatever is found later still points to the author's text.

interface Placed {
  /** Offset of the value in the text. */
  readonly at: number;
  /** Offset of the key that names the value, where one does. */
  readonly keyAt?: number;
  /** JSON Pointer in the document as written. */
  readonly pointer: string;
}
export interface ObjectNode extends Placed {
  readonly kind: 'object';
  readonly members: ReadonlyMap<string, Node>;
}
export interface ArrayNode extends Placed {
  readonly kind: 'array';
  readonly items: readonly Node[];
}
export interface ScalarNode extends Placed {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
}
export type Node = ObjectNode | ArrayNode | ScalarNode;
export type Scalar = ScalarNode['value'];

/** A JSON value. */
export type Json = Scalar | Json[] | { [key: string]: Json };

/** The plain value of a tree; a new one with each call. */
export function toJson(node: Node): Json {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'array') return node.items.map(toJson);
  // Without a prototype-setting key: `__proto__` from a document stays a plain key.
  return Object.fromEntries([...node.members].map(([key, value]) => [key, toJson(value)]));
}

/** A tree for `value`, all of it placed where `origin` stands. */
export function fromJson(value: Json, origin: Node): Node {
  const place = placeOf(origin);
  if (Array.isArray(value))
    return { ...place, kind: 'array', items: value.map((item) => fromJson(item, origin)) };
  if (typeof value === 'object' && value !== null) {
    const members = new Map(Object.entries(value).map(([key, item]) => [key, fromJson(item, origin)]));
    return { ...place, kind: 'object', members };
  }
  return { ...place, kind: 'scalar', value };
}

/** An object placed where `origin` stands, with these members; undefined ones are left out. */
export function objectNode(origin: Node, members: Readonly<Record<string, Node | undefined>>): ObjectNode {
  const given = Object.entries(members).filter((entry): entry is [string, Node] => entry[1] !== undefined);
  return { ...placeOf(origin), kind: 'object', members: new Map(given) };
}

/** The node that a JSON Pointer names, else the deepest one on the way to it. */
export function nearestNode(root: Node, pointer: string): Node {
  let node = root;
  for (const step of pointerSteps(pointer)) {
    const next = childOf(node, step);
    if (next === undefined) return node;
    node = next;
  }
  return node;
}

/** The node that a JSON Pointer names. */
export function nodeAt(root: Node, pointer: string): Node | undefined {
  let node: Node | undefined = root;
  for (const step of pointerSteps(pointer)) {
    node = childOf(node, step);
    if (node === undefined) return undefined;
  }
  return node;
}

/** `pointer` with one more step, escaped (RFC 6901). */
export function appendPointer(pointer: string, step: string | number): string {
  if (typeof step === 'number' || !/[~/]/.test(step)) return `${pointer}/${step}`;
  return `${pointer}/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

export function pointerSteps(pointer: string): string[] {
  if (pointer === '') return [];
  const steps = pointer.slice(1).split('/');
  return pointer.includes('~')
    ? steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    : steps;
}

export function memberOf(node: Node | undefined, key: string): Node | undefined {
  return node?.kind === 'object' ? node.members.get(key) : undefined;
}

/** The text of a string node. */
export function textOf(node: Node | undefined): string | undefined {
  return node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : undefined;
}

/** The member or item that one step of a pointer names. */
export function childOf(node: Node, step: string): Node | undefined {
  if (node.kind === 'object') return node.members.get(step);
  if (node.kind === 'array') return node.items[Number(step)];
  return undefined;
}

function placeOf(node: Node): Placed {
  return {
    at: node.at,
    pointer: node.pointer,
    ...(node.keyAt === undefined ? {} : { keyAt: node.keyAt }),
  };
}

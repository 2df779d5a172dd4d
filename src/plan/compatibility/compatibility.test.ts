import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../tool.ts';
import { type ComparedTool, compareTools } from './compatibility.ts';

const object = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({
  type: 'object',
  properties,
  ...more,
});

function tool(more: Partial<ComparedTool> = {}): ComparedTool {
  return { name: 'find', description: 'Finds.', inputSchema: object({}), ...more };
}

function changes(before: Partial<ComparedTool>, after: Partial<ComparedTool>): string[] {
  return compareTools([tool(before)], [tool(after)]).map(({ kind, change }) => `${kind} ${change}`);
}

const input = (schema: JsonObject): Partial<ComparedTool> => ({ inputSchema: schema });
const output = (schema: JsonObject): Partial<ComparedTool> => ({ outputSchema: schema });

describe('tools', () => {
  test('one that is gone breaks, one that is new adds, one that is the same is no change', () => {
    const [a, b, c] = [tool({ name: 'a' }), tool({ name: 'b' }), tool({ name: 'c' })];
    const found = compareTools([a, b], [b, c]);
    expect(found.map(({ kind, name, change }) => [kind, name, change])).toEqual([
      ['breaking', 'a', 'removed'],
      ['additive', 'c', 'added'],
    ]);
    expect(compareTools([a, b, c], [c, b, a])).toEqual([]);
  });

  test('words are cosmetic', () => {
    expect(changes({}, { description: 'Looks up.', title: 'Find' })).toEqual([
      'cosmetic title: absent -> "Find"',
      'cosmetic description: "Finds." -> "Looks up."',
    ]);
    const described = object({ id: { type: 'string', description: 'Its id.' } });
    expect(changes(input(object({ id: { type: 'string' } })), input(described))).toEqual([
      'cosmetic inputSchema: other words',
    ]);
  });

  test('a promise taken back breaks, a new one adds, an unsaid one is known', () => {
    expect(changes({ annotations: { readOnlyHint: true } }, { annotations: {} })).toEqual([
      'breaking readOnlyHint: true -> false',
    ]);
    expect(changes({}, { annotations: { destructiveHint: false } })).toEqual([
      'additive destructiveHint: true -> false',
    ]);
    expect(changes({}, { annotations: { readOnlyHint: false, openWorldHint: true } })).toEqual([]);
  });

  test('a demand that no listing shows breaks when it is new', () => {
    expect(changes({ demands: [] }, { demands: ['approval'] })).toEqual([
      'breaking approval: not needed -> needed',
    ]);
    expect(changes({ demands: ['approval'] }, { demands: [] })).toEqual([
      'additive approval: needed -> not needed',
    ]);
    expect(changes({}, { demands: ['approval'] })).toEqual([]);
  });

  test('breaking changes come first', () => {
    const found = changes(
      { title: 'A' },
      { title: 'B', inputSchema: object({ a: {} }, { required: ['a'] }) },
    );
    expect(found[0]).toBe('breaking a required: false -> true');
    expect(found.at(-1)).toBe('cosmetic title: "A" -> "B"');
  });
});

describe('arguments', () => {
  const id = { type: 'string' };
  test.each<[string, JsonObject, JsonObject, string[]]>([
    ['a new parameter', object({}), object({ id }), ['additive id property: absent -> {"type":"string"}']],
    [
      'a parameter that is gone',
      object({ id }),
      object({}),
      ['breaking id property: {"type":"string"} -> absent'],
    ],
    [
      'a new required parameter',
      object({}),
      object({ id }, { required: ['id'] }),
      ['breaking id required: false -> true', 'additive id property: absent -> {"type":"string"}'],
    ],
    [
      'a parameter no longer required',
      object({ id }, { required: ['id'] }),
      object({ id }),
      ['additive id required: true -> false'],
    ],
    [
      'another type',
      object({ id }),
      object({ id: { type: 'integer' } }),
      ['breaking id type: "string" -> "integer"'],
    ],
    [
      'a wider type',
      object({ n: { type: 'integer' } }),
      object({ n: { type: 'number' } }),
      ['additive n type: "integer" -> "number"'],
    ],
    [
      'a lower maximum',
      object({ n: { type: 'integer', maximum: 100 } }),
      object({ n: { type: 'integer', maximum: 50 } }),
      ['breaking n maximum: 100 -> 50'],
    ],
    [
      'a bound that now excludes its value',
      object({ n: { type: 'number', minimum: 0 } }),
      object({ n: { type: 'number', exclusiveMinimum: 0 } }),
      ['breaking n exclusiveMinimum: absent -> 0'],
    ],
    [
      'one choice more',
      object({ s: { enum: ['a'] } }),
      object({ s: { enum: ['a', 'b'] } }),
      ['additive s enum: ["a"] -> ["a","b"]'],
    ],
    [
      'one choice less',
      object({ s: { enum: ['a', 'b'] } }),
      object({ s: { enum: ['a'] } }),
      ['breaking s enum: ["a","b"] -> ["a"]'],
    ],
    [
      'another default',
      object({ n: { default: 1 } }),
      object({ n: { default: 2 } }),
      ['breaking n default: 1 -> 2'],
    ],
    [
      'a default where there was none',
      object({ n: {} }),
      object({ n: { default: 2 } }),
      ['additive n default: absent -> 2'],
    ],
    [
      'a closed object',
      object({ id }),
      object({ id }, { additionalProperties: false }),
      ['breaking additionalProperties: absent -> false'],
    ],
    [
      'a new parameter of a closed object',
      object({}, { additionalProperties: false }),
      object({ id }, { additionalProperties: false }),
      ['additive id property: absent -> {"type":"string"}'],
    ],
    [
      'a header that must now be sent',
      object({ id }),
      object({ id: { ...id, 'x-mcp-header': 'Id' } }),
      ['breaking id x-mcp-header: absent -> "Id"'],
    ],
    [
      'a deep change',
      object({ a: { type: 'array', items: object({ b: id }) } }),
      object({ a: { type: 'array', items: object({ b: { ...id, minLength: 2 } }) } }),
      ['breaking a[].b minLength: absent -> 2'],
    ],
    [
      'one alternative more',
      object({ a: { anyOf: [id] } }),
      object({ a: { anyOf: [id, { type: 'null' }] } }),
      ['additive a anyOf: [{"type":"string"}] -> [{"type":"string"},{"type":"null"}]'],
    ],
  ])('%s', (_, before, after, expected) => {
    expect(changes(input(before), input(after))).toEqual(expected);
  });

  test('what stands behind a reference is followed, also where it leads back to itself', () => {
    const tree = (leaf: JsonObject): JsonObject => ({
      ...object({ root: { $ref: '#/$defs/node' } }),
      $defs: { node: object({ value: leaf, next: { $ref: '#/$defs/node' } }) },
    });
    expect(changes(input(tree({ type: 'string' })), input(tree({ type: 'string', maxLength: 9 })))).toEqual([
      'breaking root.value maxLength: absent -> 9',
    ]);
    const wider = changes(input(tree({ type: 'integer' })), input(tree({ type: 'number' })));
    expect(wider).toEqual(['additive root.value type: "integer" -> "number"']);
  });

  test('a schema that is too complex to compare counts as breaking, and does not hang', () => {
    let [before, after]: JsonObject[] = [{ type: 'string' }, { type: 'string', maxLength: 5 }];
    for (let depth = 0; depth < 9; depth++) {
      before = { anyOf: [object({ a: before }), object({ b: before })] };
      after = { anyOf: [object({ b: after }), object({ a: after })] };
    }
    const found = changes(input(object({ a: before ?? {} })), input(object({ a: after ?? {} })));
    expect(found.some((change) => change.startsWith('breaking'))).toBe(true);
  });
});

describe('results', () => {
  const id = { type: 'string' };
  test.each<[string, Partial<ComparedTool>, Partial<ComparedTool>, string[]]>([
    ['no form any more', output(object({})), {}, ['breaking outputSchema: removed']],
    ['a form', {}, output(object({})), ['additive outputSchema: added']],
    [
      'one field more',
      output(object({})),
      output(object({ id })),
      ['additive id property: absent -> {"type":"string"}'],
    ],
    [
      'one field less',
      output(object({ id })),
      output(object({})),
      ['breaking id property: {"type":"string"} -> absent'],
    ],
    [
      'a field that may be absent now',
      output(object({ id }, { required: ['id'] })),
      output(object({ id })),
      ['breaking id required: true -> false'],
    ],
    [
      'a narrower type',
      output(object({ n: { type: 'number' } })),
      output(object({ n: { type: 'integer' } })),
      ['additive n type: "number" -> "integer"'],
    ],
    [
      'a wider type',
      output(object({ n: { type: 'integer' } })),
      output(object({ n: { type: 'number' } })),
      ['breaking n type: "integer" -> "number"'],
    ],
    [
      'a choice that clients do not know',
      output(object({ s: { enum: ['a'] } })),
      output(object({ s: { enum: ['a', 'b'] } })),
      ['breaking s enum: ["a"] -> ["a","b"]'],
    ],
  ])('%s', (_, before, after, expected) => {
    expect(changes(before, after)).toEqual(expected);
  });
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createProjection } from './projection.ts';

const result = (value: unknown, indent = 2) => ({
  content: [{ type: 'text', text: JSON.stringify(value, null, indent) }],
  structuredContent: value,
});

test.each<[string, readonly string[], unknown, unknown]>([
  ['a field', ['a'], { a: 1, b: 2 }, { a: 1 }],
  ['a field of each entry of a list', ['id'], [{ id: 1, b: 2 }, { id: 2 }], [{ id: 1 }, { id: 2 }]],
  ['a path through a list', ['items.sku'], { items: [{ sku: 1, n: 2 }], n: 3 }, { items: [{ sku: 1 }] }],
  ['a whole object', ['a'], { a: { b: { c: 1 } } }, { a: { b: { c: 1 } } }],
  ['the shorter of two paths', ['a.b', 'a'], { a: { b: 1, c: 2 } }, { a: { b: 1, c: 2 } }],
  ['the shorter of two paths in the other order', ['a', 'a.b'], { a: { b: 1, c: 2 } }, { a: { b: 1, c: 2 } }],
  ['what is not there', ['x.y'], { a: 1 }, {}],
  ['null on the way', ['a.b'], { a: null }, { a: null }],
])('%s', (_, paths, value, expected) => {
  for (const indent of [0, 2])
    expect(createProjection(paths)(result(value, indent))).toEqual(result(expected, indent));
});

test('errors, results without structured content and texts of their own stay as they are', () => {
  const project = createProjection(['a']);
  const error = { ...result({ b: 1 }), isError: true };
  expect(project(error)).toBe(error);
  const text = { content: [{ type: 'text', text: '{"b":1}' }] };
  expect(project(text)).toBe(text);
  expect(
    project({ content: [{ type: 'text', text: 'One row.' }], structuredContent: { a: 1, b: 2 } }),
  ).toEqual({
    content: [{ type: 'text', text: 'One row.' }],
    structuredContent: { a: 1 },
  });
});

test('projecting twice is projecting once, and nothing grows', () => {
  const paths = fc.array(fc.constantFrom('a', 'b', 'a.b', 'a.c', 'b.a.c'), { minLength: 1 });
  fc.assert(
    fc.property(paths, fc.jsonValue({ maxDepth: 4 }), (wanted, value) => {
      const project = createProjection(wanted);
      const once = project(result({ a: value, b: { a: value, c: 1 } }));
      expect(project(once)).toEqual(once);
    }),
  );
});

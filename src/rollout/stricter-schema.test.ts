import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { stricterPlaces } from './stricter-schema.ts';

const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more });
const BASE = object(
  { id: { type: 'integer' }, name: { type: 'string', maxLength: 10 } },
  { required: ['id'] },
);

/** Schema before, schema after, what the second refuses. */
const ROWS: readonly [name: string, before: object, after: object, places: readonly string[]][] = [
  ['the same', BASE, BASE, []],
  ['other words', BASE, { ...BASE, description: 'New.' }, []],
  [
    'one more optional property',
    BASE,
    object({ ...BASE.properties, tag: { type: 'string' } }, { required: ['id'] }),
    [],
  ],
  [
    'one more where others were refused',
    { ...BASE, additionalProperties: false },
    {
      ...object({ ...BASE.properties, tag: { type: 'string' } }, { required: ['id'] }),
      additionalProperties: false,
    },
    [],
  ],
  ['a new required one', BASE, { ...BASE, required: ['id', 'name'] }, ['arguments/name is required']],
  ['no longer required', BASE, { ...BASE, required: [] }, []],
  [
    'a property gone where others are taken',
    BASE,
    object({ id: { type: 'integer' } }, { required: ['id'] }),
    [],
  ],
  [
    'a property gone where others are refused',
    { ...BASE, additionalProperties: false },
    { ...object({ id: { type: 'integer' } }, { required: ['id'] }), additionalProperties: false },
    ['arguments/name is not taken any more'],
  ],
  [
    'others refused now',
    BASE,
    { ...BASE, additionalProperties: false },
    ['arguments/<other> takes other values'],
  ],
  ['a wider type', BASE, object({ ...BASE.properties, id: { type: 'number' } }, { required: ['id'] }), []],
  [
    'another type',
    BASE,
    object({ ...BASE.properties, id: { type: 'string' } }, { required: ['id'] }),
    ['arguments/id takes fewer types'],
  ],
  [
    'a shorter text',
    BASE,
    object({ ...BASE.properties, name: { type: 'string', maxLength: 9 } }, { required: ['id'] }),
    ['arguments/name has a stricter maxLength'],
  ],
  [
    'a longer text',
    BASE,
    object({ ...BASE.properties, name: { type: 'string', maxLength: 11 } }, { required: ['id'] }),
    [],
  ],
  [
    'a new bound',
    BASE,
    object({ ...BASE.properties, id: { type: 'integer', minimum: 1 } }, { required: ['id'] }),
    ['arguments/id has a stricter minimum'],
  ],
  ['fewer values', { enum: ['a', 'b'] }, { enum: ['a'] }, ['the arguments takes fewer values']],
  ['more values', { enum: ['a'] }, { enum: ['a', 'b'] }, []],
  ['items', { items: { type: 'string' } }, { items: { type: 'integer' } }, ['arguments/* takes fewer types']],
  [
    'what cannot be compared',
    { anyOf: [{ type: 'string' }] },
    { anyOf: [{ type: 'integer' }] },
    ['the arguments has another anyOf'],
  ],
];

for (const [name, before, after, places] of ROWS)
  test(`P27: ${name}`, () => expect(stricterPlaces(before, after)).toEqual(places));

test('P27: where nothing is said to be stricter, every value that was valid stays valid', () => {
  const ajv = new Ajv2020({ strict: false });
  const values = [
    {},
    { id: 1 },
    { id: 1.5 },
    { id: 'a' },
    { id: 1, name: 'abcdefghij' },
    { id: 1, other: 2 },
    { name: 'x' },
    'a',
    'b',
    ['a'],
    [1],
    3,
    null,
  ];
  const schemas = ROWS.flatMap(([, before, after]) => [before, after]);
  let compared = 0;
  for (const before of schemas) {
    for (const after of schemas) {
      if (stricterPlaces(before, after).length > 0) continue;
      const [was, is] = [ajv.compile(before), ajv.compile(after)];
      for (const value of values)
        if (was(value) && !isAddition(before, after, value))
          expect([before, after, value, is(value)]).toEqual([before, after, value, true]);
      compared++;
    }
  }
  expect(compared).toBeGreaterThan(50);
});

/** A property that only the second schema knows: what clients sent under its name meant nothing before. */
function isAddition(before: object, after: object, value: unknown): boolean {
  const named = (schema: object, name: string) => name in Object(Reflect.get(schema, 'properties'));
  return Object.keys(Object(value)).some((name) => named(after, name) && !named(before, name));
}

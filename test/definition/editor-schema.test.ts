// The schema for editors admits what the loader admits, and every key is described.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { definitionSchema } from '../../scripts/generate/definition-schema.ts';
import { loadDefinitions } from '../../src/definition/load.ts';
import { Definition } from '../../src/definition/schema/definition.ts';
import type { Shape } from '../../src/definition/schema/vocabulary.ts';
import { TEST_OPTIONS } from './load-fixture.ts';

const ajv = new Ajv2020({
  strict: true,
  allErrors: true,
  allowUnionTypes: true,
  strictTypes: false,
  strictRequired: false,
});
formats.default(ajv);
const admits = ajv.compile(definitionSchema());

const configurable = readdirSync('examples/configurable').filter((name) => name.endsWith('.json'));

test.each(configurable)('P01: the schema admits %s', (name) => {
  admits(JSON.parse(readFileSync(join('examples/configurable', name), 'utf8')));
  expect(admits.errors).toBeNull();
});

test.each(configurable)('P01: the schema admits the canonical form of %s', async (name) => {
  const { definitions } = await loadDefinitions(join('examples/configurable', name), {
    ...TEST_OPTIONS,
    purpose: 'validate',
  });
  admits(JSON.parse(JSON.stringify(definitions[0]?.definition)));
  expect(admits.errors).toBeNull();
});

const structural = [
  'unknown-root-key',
  'unknown-tool-key',
  'unknown-nested-key',
  'missing-name',
  'missing-version',
  'missing-description',
  'missing-handler',
  'missing-schema',
  'version-is-number',
  'null-value',
  'port-range',
  'port-fraction',
  'size-text',
  'choice',
  'slug-form',
  'two-handlers',
  'input-and-schema',
  'handler-type',
  'handler-without-type',
  'servers-extra-key',
];

test.each(structural)('P08: the schema refuses %s', (name) => {
  expect(admits(parse(readFileSync(join('test/definition/broken', `${name}.yaml`), 'utf8')))).toBe(false);
});

test('P80: every key has a description that ends as a sentence', () => {
  const undescribed: string[] = [];
  const visit = (shape: Shape, path: string) => {
    if (!/^[A-Z`!0-9f].*\.$/s.test(shape.doc)) undescribed.push(`${path}: ${shape.doc}`);
    if (shape.kind === 'object')
      for (const [key, one] of Object.entries(shape.members)) visit(one, `${path}/${key}`);
    if (shape.kind === 'variants')
      for (const [key, one] of Object.entries(shape.variants)) visit(one, `${path}/${key}`);
    if (shape.kind === 'array') visit(shape.items, `${path}/*`);
    if (shape.kind === 'record') visit(shape.values, `${path}/*`);
    if (shape.kind === 'union') for (const one of shape.options) visit(one, path);
  };
  visit(Definition, '');
  expect(undescribed).toEqual([]);
});

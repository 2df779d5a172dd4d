import { expect, test } from 'vitest';
import { loadText } from './load.ts';
import { literalSecrets, withHiddenSecrets } from './secret-places.ts';

const text = `
name: hiding
version: 1.0.0
databases: { shop: { url: "postgres://shop:pw@db/shop" } }
tools:
  ask:
    description: Asks.
    input: {}
    handler:
      type: http
      method: GET
      url: https://api.example.com/v1
      headers: { X-Key: literalkey9f3a7c21b8, Accept: application/json, X-Version: "2024-01-01", X-Fields: customfield_10010000, X-Media: application/vnd.example.v3+json }
      query: { sig: { deep: [literal-query-4d8e2c91] }, page: 1 }
security:
  authentication: { apiKeys: [{ name: a, key: definition-key-8c4e01b7d2 }] }
`;

const [loaded] = loadText('quayside.yaml', text, {
  env: {},
  environment: 'test',
  purpose: 'serve',
}).definitions;

test('texts at secret places are hidden, whatever their depth; everything else is shown', () => {
  if (loaded === undefined) throw new Error('The definition is not valid.');
  const shown = JSON.stringify(withHiddenSecrets(loaded.definition));
  for (const secret of ['literalkey', 'literal-query', 'definition-key', 'application/json', '2024-01-01'])
    expect(shown).not.toContain(secret);
  for (const plain of [
    '"X-Key":"***"',
    'https://api.example.com/v1',
    'Asks.',
    'postgres://shop:',
    '"page":1',
  ])
    expect(shown).toContain(plain);
});

test('what looks like a key is known, words and dates are not', () => {
  if (loaded === undefined) throw new Error('The definition is not valid.');
  expect(literalSecrets(loaded.definition)).toEqual(
    expect.arrayContaining(['literalkey9f3a7c21b8', 'literal-query-4d8e2c91', 'definition-key-8c4e01b7d2']),
  );
  for (const plain of ['2024-01-01', 'customfield_10010000', 'application/vnd.example.v3+json'])
    expect(literalSecrets(loaded.definition)).not.toContain(plain);
  expect(loaded.secretValues).toContain('literalkey9f3a7c21b8');
});

// `${secret:...}` when a definition is loaded: asked for once, inserted as data, never served unresolved.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LoadOptions, type LoadOutcome, loadDefinitions } from '../../src/definition/load.ts';
import type { SecretOutcome } from '../../src/definition/secret-reference.ts';
import { createWorkspace, type Workspace } from '../support/workspace.ts';
import { errorsOf, outcomeOf, TEST_OPTIONS } from './load-fixture.ts';

const SECRETS: Readonly<Record<string, SecretOutcome>> = {
  plain: { value: 'stored-value' },
  short: { value: 'pin4' },
  tricky: { value: 'a${args.x}${secret:plain}' },
  'aws:shop/db#password': { value: 'from-aws' },
};

const definition = (header: string, more = '') => `name: shop
version: 1.0.0
tools:
  - name: find
    description: Finds.
    inputSchema: { type: object }
    handler: { type: http, url: "https://example.com/a", headers: { h: ${JSON.stringify(header)} } }
${more}`;

let workspace: Workspace;
beforeAll(() => {
  workspace = createWorkspace({});
});
afterAll(() => workspace.remove());

async function load(
  text: string,
  options: Partial<LoadOptions> = {},
): Promise<{ readonly outcome: LoadOutcome; readonly asked: readonly (readonly string[])[] }> {
  workspace.write('quayside.yaml', text);
  const asked: string[][] = [];
  const outcome = await loadDefinitions(workspace.definition, {
    ...TEST_OPTIONS,
    resolveSecrets: async (references) => {
      asked.push([...references]);
      return new Map(
        [...references].map((one) => [one, SECRETS[one] ?? { problem: 'is not there.', fix: 'Store it.' }]),
      );
    },
    ...options,
  });
  return { outcome, asked };
}

function headerOf({ definitions: [loaded] }: LoadOutcome): string | undefined {
  const handler = loaded?.definition.tools[0]?.handler;
  return handler?.type === 'http' ? handler.headers.h : undefined;
}

test.each([
  ['${secret:plain}', 'stored-value'],
  ['Bearer ${secret:plain}', 'Bearer stored-value'],
  ['${secret:aws:shop/db#password}', 'from-aws'],
  // What a secret holds is data: no placeholder in it is one.
  ['${secret:tricky}', 'a$${args.x}$${secret:plain}'],
  ['$${secret:plain}', '$${secret:plain}'],
])('P05 P24: %s becomes %s', async (text, expected) => {
  const { outcome } = await load(definition(text));
  expect(errorsOf(outcome)).toEqual([]);
  expect(headerOf(outcome)).toBe(expected);
});

test('P24: all references are asked for at once, each once, and short secrets are hidden as well', async () => {
  const { outcome, asked } = await load(definition('${secret:plain} ${secret:short} ${secret:plain}'));
  expect(asked).toEqual([['plain', 'short']]);
  expect(outcome.definitions[0]?.secretValues).toEqual(expect.arrayContaining(['stored-value', 'pin4']));
});

test('P24: a definition without references asks for nothing', async () => {
  expect((await load(definition('none'))).asked).toEqual([]);
});

test('P24: what is not there is an error at its place, beside every other mistake', async () => {
  const { outcome } = await load(definition('${secret:absent}', 'unknown: 1\n'));
  expect(errorsOf(outcome)).toEqual([
    '7:72 substitution: ${secret:absent} is not there.',
    expect.stringContaining("The key 'unknown' is not known here."),
  ]);
});

test.each([
  ['${secret:}', 'is no name of a secret'],
  ['${secret:a b}', 'is no name of a secret'],
  ['${secret:azure:x#y}', 'is no name of a secret'],
  ['${secret:vault:alone#x}', 'lacks the mount'],
  ['${secret:aws:../up#x}', 'has no path'],
  ['${secret:vault:kv/../sys#x}', 'has no path'],
  ['${secret:vault:kv//x#y}', 'has no path'],
])('P24: %s is refused: it %s', async (text, reason) => {
  const { outcome, asked } = await load(definition(text));
  expect(asked).toEqual([]);
  expect(errorsOf(outcome).join()).toContain(reason);
});

test('P24: untrusted authors name only what an operator lists', async () => {
  const untrusted = { trusted: false } as const;
  expect(errorsOf((await load(definition('${secret:plain}'), untrusted)).outcome).join()).toContain(
    '${secret:plain} is not open to untrusted definitions',
  );
  const listed = await load(definition('${secret:plain}'), { ...untrusted, envAllow: ['secret:plain'] });
  expect(headerOf(listed.outcome)).toBe('stored-value');
});

test('P24: overlays of other environments are checked and not asked for', async () => {
  const overlay = 'environments:\n  staging: { title: "${secret:absent}" }\n';
  const { outcome, asked } = await load(definition('none', overlay));
  expect([errorsOf(outcome), asked]).toEqual([[], []]);
});

test('P24: without a way to the secrets validating checks the form, and serving refuses', () => {
  expect(errorsOf(outcomeOf(definition('${secret:plain}'), { purpose: 'validate' }))).toEqual([]);
  expect(errorsOf(outcomeOf(definition('${secret:a b}'), { purpose: 'validate' }))).toHaveLength(1);
  expect(errorsOf(outcomeOf(definition('${secret:plain}'))).join()).toContain('${secret:plain} was not read');
});

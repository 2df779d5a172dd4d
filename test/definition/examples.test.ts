// The five configurations in the configurable framework's style load, and together use every key of spec servers §2.6.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadDefinitions } from '../../src/definition/load.ts';
import { TEST_OPTIONS } from './load-fixture.ts';

const folder = 'examples/configurable';
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
const validate = { ...TEST_OPTIONS, purpose: 'validate' } as const;

/** `<x>` stands for any one key or index. */
const VERBATIM_KEYS = `
name version port
tools.<i>.name tools.<i>.description tools.<i>.inputSchema tools.<i>.handler tools.<i>.rateLimit tools.<i>.cache
tools.<i>.handler.type tools.<i>.handler.code tools.<i>.handler.timeout tools.<i>.handler.path tools.<i>.handler.export
tools.<i>.handler.url tools.<i>.handler.method tools.<i>.handler.headers tools.<i>.handler.retries tools.<i>.handler.body
tools.<i>.handler.requestTransform tools.<i>.handler.responseTransform tools.<i>.handler.name
tools.<i>.tags tools.<i>.version tools.<i>.deprecated tools.<i>.experimental
prompts.<i>.name prompts.<i>.description prompts.<i>.template
prompts.<i>.arguments.<i>.name prompts.<i>.arguments.<i>.description prompts.<i>.arguments.<i>.required
resources.<i>.uri resources.<i>.name resources.<i>.description resources.<i>.mimeType resources.<i>.content
security.enabled security.authentication.enabled security.authentication.headerName
security.authentication.allowAnonymous security.authentication.apiKeys.<i>.key security.authentication.apiKeys.<i>.name
security.authentication.apiKeys.<i>.permissions security.authentication.apiKeys.<i>.rateLimit
security.authentication.apiKeys.<i>.enabled security.authentication.apiKeys.<i>.expiresAt
security.permissions.anonymous security.permissions.authenticated security.permissions.inheritance
security.rateLimit.enabled security.rateLimit.strategy security.rateLimit.window security.rateLimit.maxRequests
security.rateLimit.strict security.rateLimit.global.window security.rateLimit.global.maxRequests
security.rateLimit.perTool.<x>.window security.rateLimit.perTool.<x>.maxRequests
security.rateLimit.perApiKey.<x>.window security.rateLimit.perApiKey.<x>.maxRequests
security.audit.enabled security.audit.logFile security.audit.logToConsole security.audit.events
security.audit.includeSensitiveData security.audit.maxFileSize security.audit.maxFiles security.audit.logLevel
security.ipWhitelist.<i>
caching.enabled caching.ttl caching.maxSize caching.tools.<x>.ttl caching.tools.<x>.enabled
performance.caching performance.compression.enabled performance.compression.level
performance.keepAlive.enabled performance.keepAlive.timeout
`
  .trim()
  .split(/\s+/);
const SCHEMA_KEYS =
  'enumNames exclusiveMinimum exclusiveMaximum multipleOf minItems maxItems uniqueItems minProperties maxProperties const oneOf anyOf allOf not'.split(
    ' ',
  );

function pathsOf(value: unknown, path: string, found: Set<string>): Set<string> {
  if (typeof value !== 'object' || value === null) return found;
  for (const [key, inner] of Object.entries(value)) {
    const next = path === '' ? key : `${path}.${key}`;
    found.add(next);
    pathsOf(inner, next, found);
  }
  return found;
}

test('P01: five configurations use every key that is accepted verbatim', () => {
  expect(files).toHaveLength(5);
  const used = files.flatMap((file) => [
    ...pathsOf(JSON.parse(readFileSync(join(folder, file), 'utf8')), '', new Set()),
  ]);
  const missing = VERBATIM_KEYS.filter((key) => {
    const pattern = new RegExp(`^${key.replaceAll('.', '\\.').replaceAll(/<[ix]>/g, '[^.]+')}$`);
    return !used.some((path) => pattern.test(path));
  });
  expect(missing).toEqual([]);
  expect(SCHEMA_KEYS.filter((key) => !used.some((path) => path.endsWith(`.${key}`)))).toEqual([]);
});

test.each(files)('P01: %s loads with this effective configuration', async (file) => {
  const { definitions, errors } = await loadDefinitions(join(folder, file), validate);
  expect(errors).toEqual([]);
  expect(definitions.map(({ definition }) => definition)).toMatchSnapshot();
});

test('P01: the whole folder is five servers, the first by name being the default', async () => {
  const { definitions, errors } = await loadDefinitions(folder, validate);
  expect(errors).toEqual([]);
  expect(definitions.map(({ definition }) => [definition.slug, definition.default])).toEqual([
    ['arithmetic', true],
    ['observatory', false],
    ['reading-room', false],
    ['service-desk', false],
    ['workshop', false],
  ]);
});

test('P08: placeholder keys are a start error in production', async () => {
  const { errors } = await loadDefinitions(join(folder, 'service-desk.json'), {
    ...validate,
    environment: 'production',
  });
  expect(errors.map(({ rule, line, received }) => [rule, line, received])).toEqual([
    ['api-key', 30, '***'],
    ['api-key', 38, '***'],
  ]);
});

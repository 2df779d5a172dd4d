// Values from the environment, and keys that differ by environment.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LoadOptions } from '../../src/definition/load.ts';
import { errorsOf, loadedFrom, outcomeOf } from './load-fixture.ts';

const HEAD = 'name: shop\nversion: 1.0.0\n';

function headerOf(value: string, options: Partial<LoadOptions> = {}): string | undefined {
  const { definition } = loadedFrom(
    `${HEAD}tools:\n  find:\n    description: Finds.\n    inputSchema: { type: object }\n    handler: { type: http, url: "https://example.com/a", headers: { h: ${JSON.stringify(value)} } }\n`,
    options,
  );
  const handler = definition.tools[0]?.handler;
  return handler?.type === 'http' ? handler.headers.h : undefined;
}

describe('P05: ${...} when a definition is loaded', () => {
  const env = { TOKEN: 'tok-secret', EMPTY: '', TRICK: 'a${args.x}b', DOLLAR: 'cost$', PORT2: '80' };

  test.each([
    ['plain', 'plain'],
    ['Bearer ${TOKEN}', 'Bearer tok-secret'],
    ['${TOKEN}${PORT2}', 'tok-secret80'],
    ['${EMPTY}', ''],
    ['${MISSING:-none}', 'none'],
    ['${EMPTY:-none}', 'none'],
    ['${MISSING:-}', ''],
    ['${TOKEN:?needed}', 'tok-secret'],
    ['${args.x}', '${args.x}'],
    ['${args.a.b[0]}', '${args.a.b[0]}'],
    ['${args.x|path}', '${args.x|path}'],
    ['$${HOME}', '$${HOME}'],
    ['${TRICK}', 'a$${args.x}b'],
    ['${DOLLAR}{x}', 'cost$${x}'],
    ['100$', '100$'],
    ['$ {TOKEN}', '$ {TOKEN}'],
  ])('%s becomes %s for the HTTP handler', (text, expected) => {
    expect(headerOf(text, { env })).toBe(expected);
  });

  test('an escape is resolved where no arguments are rendered later', () => {
    const { definition } = loadedFrom(`${HEAD}databases:\n  main: { url: "sqlite:./$\${a}.db" }\n`);
    expect(definition.databases.main?.url).toBe('sqlite:./${a}.db');
  });

  test.each([
    '${MISSING}',
    '${MISSING:?give it}',
    '${lower}',
    '${args}',
    '${args.}',
    '${args.x|upper}',
    '${}',
    '${TOKEN',
    '${DOLLAR}${args.x}',
    '${API_KEY_SALT}',
    '${SESSION_SECRET}',
    '${SECRET_KEY}',
    '${DATABASE_URL}',
    '${DATABASE_CONTEXT_KEY}',
    '${DB_PASSWORD}',
    '${REDIS_URL}',
    '${QUAYSIDE_ANYTHING}',
    '${MY_MASTER_KEY}',
    '${AWS_SECRET_ACCESS_KEY}',
    '${AWS_SESSION_TOKEN}',
    '${CLERK_SECRET_KEY}',
  ])('%s is refused', (value) => {
    const all = { ...env, API_KEY_SALT: 'x', DATABASE_URL: 'x', QUAYSIDE_ANYTHING: 'x', MY_MASTER_KEY: 'x' };
    expect(() => headerOf(value, { env: all })).toThrow();
  });

  test('what is inserted is a known secret and stands in no error', () => {
    const url = `${HEAD}databases:\n  main: { url: "\${SHOP_URL}" }\n`;
    const good = loadedFrom(url, { env: { SHOP_URL: 'postgres://shop:pa%20ss@db/shop' } });
    expect(good.secretValues).toEqual(['postgres://shop:pa%20ss@db/shop', 'pa ss']);
    const bad = outcomeOf(url, { env: { SHOP_URL: 'mysql://shop:planted-secret@db/shop' } });
    expect(JSON.stringify(bad)).not.toContain('planted-secret');
    expect(errorsOf(bad)).toEqual(['4:16 value: The address is of no supported database.']);
  });

  test('keys and databases take variables, code and statements do not', () => {
    const { definition, secretValues } = loadedFrom(
      `${HEAD}databases:
  main: { url: "\${DATABASE_URL}" }
tools:
  find:
    description: Finds \${TOKEN}.
    inputSchema: { type: object }
    sql: SELECT '\${TOKEN}'
security:
  authentication: { apiKeys: [{ name: ci, key: "\${CI_KEY}" }] }
`,
      { env: { ...env, DATABASE_URL: 'sqlite:./shop.db', CI_KEY: 'a-key-that-is-long-enough' } },
    );
    expect(definition.databases.main?.url).toBe('sqlite:./shop.db');
    expect(definition.tools[0]?.description).toBe('Finds ${TOKEN}.');
    expect(definition.tools[0]?.handler).toMatchObject({ statement: "SELECT '${TOKEN}'" });
    expect(secretValues).toContain('a-key-that-is-long-enough');
    expect(secretValues).not.toContain('tok-secret');
  });

  test('env.allow and env.deny narrow', () => {
    const text = (key: string) =>
      `${HEAD}env: { ${key}: [TOKEN] }\ndatabases:\n  main: { url: "sqlite:\${TOKEN}" }\n  other: { url: "sqlite:\${PORT2}" }\n`;
    expect(errorsOf(outcomeOf(text('allow'), { env }))).toEqual([
      '6:17 substitution: The environment variable PORT2 is not in env.allow.',
    ]);
    expect(errorsOf(outcomeOf(text('deny'), { env }))).toEqual([
      '5:16 substitution: The environment variable TOKEN is denied by env.deny.',
    ]);
  });
});

describe('${file:...}', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'quayside-secret-'));
    writeFileSync(join(folder, 'token'), 'from-a-file\n');
    writeFileSync(join(folder, 'large'), 'x'.repeat(70_000));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('is the trimmed content, a known secret and watched', () => {
    const path = join(folder, 'token');
    expect(headerOf(`Bearer \${file:${path}}`)).toBe('Bearer from-a-file');
    const { files, secretValues } = loadedFrom(
      `${HEAD}databases:\n  main: { url: "sqlite:\${file:${path}}" }\n`,
    );
    expect(files).toContain(path);
    expect(secretValues).toContain('from-a-file');
  });

  test('that is missing or large is refused', () => {
    expect(() => headerOf('${file:/nowhere/at/all}')).toThrow('cannot be read (ENOENT)');
    expect(() => headerOf(`\${file:${join(folder, 'large')}}`)).toThrow('larger than');
  });
});

describe('definitions of untrusted authors', () => {
  const untrusted = { trusted: false, env: { TOKEN: 'tok-secret' } };

  test('may use only the variables that the operator opens', () => {
    expect(() => headerOf('${TOKEN}', untrusted)).toThrow('not open to untrusted');
    expect(headerOf('${TOKEN}', { ...untrusted, envAllow: ['TOKEN'] })).toBe('tok-secret');
    expect(() => headerOf('${file:/etc/hostname}', untrusted)).toThrow('refused in untrusted');
  });

  test('reach no files, processes, stores or plugins', () => {
    const text = `${HEAD}databases:
  main: { url: "sqlite:./a.db" }
models: {}
sqlTemplates: {}
plugins: []
upstreams:
  files: { command: npx }
prompts:
  ask: { templateFile: ./load-fixture.ts }
resources:
  guide: { uri: "docs://a", file: ./load-fixture.ts }
tools:
  run:
    description: Runs.
    input: {}
    file: ./load-fixture.ts
`;
    const { errors } = outcomeOf(text, untrusted);
    expect(errors.map(({ rule, line }) => [rule, line])).toEqual(
      [3, 5, 6, 7, 9, 11, 13, 18].map((line) => ['untrusted', line]),
    );
    expect(outcomeOf(text).errors).toEqual([]);
  });
});

describe('P78: environments', () => {
  const text = `${HEAD}port: 3000
security: { hosts: [a.example] }
tools:
  - name: find
    description: Finds.
    input: {}
    http: GET https://example.com/a
    environments:
      production: { timeout: 900 }
      staging: false
environments:
  production:
    port: 8080
    security: { cors: [https://a.example] }
    tools:
      find: { title: Find }
      extra: { description: More., input: {}, http: GET https://example.com/b }
`;

  test('merge objects, replace other values and name entries of lists', () => {
    const { definition } = loadedFrom(text, { environment: 'production' });
    expect(definition.port).toBe(8080);
    expect(definition.security.hosts).toEqual(['a.example']);
    expect(definition.security.cors).toEqual(['https://a.example']);
    expect(definition.tools.map(({ name, title, timeout }) => [name, title, timeout])).toEqual([
      ['find', 'Find', 900],
      ['extra', undefined, undefined],
    ]);
  });

  test('leave other environments as they are', () => {
    const { definition } = loadedFrom(text);
    expect(definition.port).toBe(3000);
    expect(definition.tools.map(({ name, enabled }) => [name, enabled])).toEqual([['find', true]]);
    expect(loadedFrom(text, { environment: 'staging' }).definition.tools[0]?.enabled).toBe(false);
  });

  test('are checked whichever is chosen, without demanding their variables', () => {
    const broken = `${HEAD}environments:\n  production:\n    databases:\n      main: { url: "\${PRODUCTION_ONLY}" }\n    limits: { maxConcurency: 5 }\n`;
    const expected = [
      "7:15 unknown-key: The key 'maxConcurency' is not known here. Did you mean 'maxConcurrency'?",
    ];
    expect(errorsOf(outcomeOf(broken))).toEqual(expected);
  });
});

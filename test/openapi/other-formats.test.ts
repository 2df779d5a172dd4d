// `quayside import mcp.json` and `toolbox`: files as those systems have them, and the commands of docs/imports.md.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { runCommandLine } from '../../src/commands/command-line.ts';
import { loadDefinitions, loadText } from '../../src/definition/load.ts';
import { createWorkspace, type Workspace } from '../support/workspace.ts';
import { commandsOf } from '../tidy/markdown.ts';
import { root } from '../tidy/source-tree.ts';

let workspace: Workspace | undefined;
afterEach(() => {
  workspace?.remove();
  workspace = undefined;
});

async function importText(verb: string, text: string) {
  workspace = createWorkspace({ input: text });
  return run(['import', verb, join(workspace.directory, 'input')]);
}

async function run(words: readonly string[]) {
  let out = '';
  let err = '';
  const io = {
    env: {},
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
  };
  const code = await runCommandLine(words, io);
  return { code, out, err, definition: out === '' ? undefined : parse(out) };
}

const VALIDATE = { env: {}, environment: 'development', purpose: 'validate' } as const;

describe('mcp.json', () => {
  test('of Claude Desktop: servers become upstreams, and secrets stay where they are', async () => {
    const { definition, err, out } = await importText(
      'mcp.json',
      JSON.stringify({
        mcpServers: {
          files: { command: 'npx', args: ['-y', '@modelcontextprotocol/server-filesystem', '/srv'] },
          github: {
            command: 'docker',
            args: ['run', '-i', 'ghcr.io/github/github-mcp-server'],
            env: { GITHUB_PERSONAL_ACCESS_TOKEN: 'ghp_0123456789abcdef', LOG: 'debug' },
            autoApprove: ['get_me'],
          },
          off: { command: 'x', disabled: true },
          remote: {
            url: 'https://mcp.example.com/mcp',
            headers: { Authorization: 'Bearer abcdef0123456789' },
          },
        },
      }),
    );
    expect(definition.upstreams).toEqual({
      files: { command: 'npx', args: ['-y', '@modelcontextprotocol/server-filesystem', '/srv'] },
      github: {
        command: 'docker',
        args: ['run', '-i', 'ghcr.io/github/github-mcp-server'],
        env: { GITHUB_PERSONAL_ACCESS_TOKEN: '${GITHUB_PERSONAL_ACCESS_TOKEN}', LOG: 'debug' },
      },
      remote: { url: 'https://mcp.example.com/mcp', headers: { Authorization: 'Bearer ${AUTHORIZATION}' } },
    });
    expect(out + err).not.toMatch(/ghp_|abcdef0123456789/);
    expect(err.split('\n')).toEqual(
      expect.arrayContaining([
        "github: 'autoApprove' is a setting of the client, and is left out.",
        'github: the value of GITHUB_PERSONAL_ACCESS_TOKEN is left out; set GITHUB_PERSONAL_ACCESS_TOKEN to it.',
        'off: it is disabled, and is left out.',
      ]),
    );
    const env = { GITHUB_PERSONAL_ACCESS_TOKEN: 'a', AUTHORIZATION: 'b' };
    expect(loadText('a.yaml', out, { ...VALIDATE, env }).errors).toEqual([]);
  });

  test('of VS Code and Cursor: comments, inputs, and references to the environment', async () => {
    const { definition, err } = await importText(
      'mcp.json',
      `{
        // Asked for once.
        "inputs": [{ "id": "api-key", "type": "promptString", "password": true }],
        "servers": {
          "web": { "type": "http", "url": "https://mcp.example.com", "headers": { "X-Api-Key": "\${input:api-key}" } },
          "old": { "type": "sse", "url": "https://mcp.example.com/\${env:TEAM}/sse" },
          "here": { "type": "stdio", "command": "node", "args": ["\${workspaceFolder}/server.js"], "envFile": ".env" }
        }
      }`,
    );
    expect(definition.upstreams).toEqual({
      web: { url: 'https://mcp.example.com', transport: 'http', headers: { 'X-Api-Key': '${API_KEY}' } },
      old: { url: 'https://mcp.example.com/${TEAM}/sse', transport: 'sse' },
      here: { command: 'node', args: ['$${workspaceFolder}/server.js'] },
    });
    expect(err).toContain('web: set API_KEY, which the client asked for.');
    expect(err).toContain("here: 'envFile' is a setting of the client, and is left out.");
  });

  test.each(['{}', '{"mcpServers": ', '[]'])('%s is refused', async (text) => {
    const { code, out, err } = await importText('mcp.json', text);
    expect([code, out]).toEqual([1, '']);
    expect(err).not.toBe('');
  });
});

const TOOLBOX = `
sources:
  hotels: { kind: postgres, host: 127.0.0.1, port: 5432, database: hotels, user: "\${DB_USER}", password: hunter22 }
  local: { kind: sqlite, database: ./local.db }
  big: { kind: bigquery, project: p }
  web: { kind: http, baseUrl: https://api.example.com/, headers: { X-Team: blue } }
tools:
  search-hotels:
    kind: postgres-sql
    source: hotels
    description: Hotels by name.
    parameters:
      - { name: name, type: string, description: Part of the name. }
      - { name: tiers, type: array, items: { name: tier, type: string }, required: false }
      - { name: limit, type: integer, default: 10 }
    statement: |
      -- costs $1 and more
      SELECT id, '$2' AS text FROM hotels WHERE name ILIKE '%' || $1 || '%' AND ($2::text[] IS NULL OR tier = ANY($2)) LIMIT $3
  count: { kind: sqlite-sql, source: local, description: Counts., parameters: [{ name: kind, type: string }], statement: "SELECT count(*) AS n FROM items WHERE kind = ? -- ?" }
  book: { kind: postgres-sql, source: hotels, description: Books., statement: "UPDATE hotels SET booked = true" }
  table: { kind: postgres-sql, source: hotels, description: Any., templateParameters: [{ name: t, type: string }], statement: "SELECT * FROM {{.t}}" }
  mine: { kind: sqlite-sql, source: local, description: Mine., authRequired: [google], statement: "SELECT 1" }
  whose: { kind: sqlite-sql, source: local, description: Whose., parameters: [{ name: user, type: string, authServices: [{ name: google, field: sub }] }], statement: "SELECT ?" }
  query: { kind: bigquery-sql, source: big, description: Big., statement: "SELECT 1" }
  page:
    kind: http
    source: web
    method: POST
    path: /pages/{{.id}}
    description: Writes a page.
    pathParams: [{ name: id, type: string }]
    queryParams: [{ name: draft, type: boolean, required: false }]
    bodyParams: [{ name: tags, type: array, items: { name: tag, type: string } }]
    requestBody: '{"tags": {{json .tags}}}'
toolsets: { all: [count] }
`;

describe('toolbox', () => {
  test('tools of databases and of http come over, and load', async () => {
    const { definition, err, out } = await importText('toolbox', TOOLBOX);
    expect(Object.keys(definition.tools)).toEqual(['search-hotels', 'count', 'page']);
    expect(definition.databases).toEqual({
      hotels: { url: 'postgres://${DB_USER}:${HOTELS_PASSWORD}@127.0.0.1:5432/hotels' },
      local: { url: 'sqlite:./local.db' },
    });
    const search = definition.tools['search-hotels'];
    expect(search.sql).toBe(
      "-- costs $1 and more\nSELECT id, '$2' AS text FROM hotels WHERE name ILIKE '%' || :name || '%' AND (:tiers::text[] IS NULL OR tier = ANY(:tiers)) LIMIT :limit",
    );
    expect(search.inputSchema).toEqual({
      type: 'object',
      properties: {
        name: { type: 'string', description: 'Part of the name.' },
        tiers: { type: 'array', items: { type: 'string' } },
        limit: { type: 'integer', default: 10 },
      },
      required: ['name'],
      additionalProperties: false,
    });
    expect(definition.tools.count.sql).toBe('SELECT count(*) AS n FROM items WHERE kind = :kind -- ?');
    expect(definition.tools.page.handler).toEqual({
      type: 'http',
      method: 'POST',
      url: 'https://api.example.com/pages/${args.id}',
      query: { draft: '${args.draft}' },
      headers: { 'X-Team': 'blue' },
      body: '{"tags": ${args.tags}}',
      appendArgs: false,
    });
    expect(out + err).not.toContain('hunter22');
    for (const line of [
      "'toolsets' is left out.",
      'search-hotels: the password of its source is left out; set HOTELS_PASSWORD to it.',
      'book: its statement is no SELECT, and databases are read-only; the tool is left out.',
      'table: it puts arguments into the text of its statement; the tool is left out.',
      'mine: it demands an authorization of its own; the tool is left out.',
      'whose: its parameter user comes from a login; the tool is left out.',
      'query: its kind bigquery-sql has no counterpart; the tool is left out.',
    ]) {
      expect(err).toContain(line);
    }
    const env = { DB_USER: 'u', HOTELS_PASSWORD: 'p' };
    expect(loadText('a.yaml', out, { ...VALIDATE, env }).errors).toEqual([]);
  });

  test('the newer layout has one document per thing', async () => {
    const { definition } = await importText(
      'toolbox',
      `kind: sources
name: local
type: sqlite
database: ./local.db
---
kind: tools
name: one
type: sqlite-sql
source: local
description: One.
statement: SELECT 1 AS one
`,
    );
    expect(definition.tools.one).toMatchObject({ database: 'local', sql: 'SELECT 1 AS one' });
    expect(definition.databases).toEqual({ local: { url: 'sqlite:./local.db' } });
  });

  test.each(['{}', 'a: [', ''])('%j is refused', async (text) => {
    expect((await importText('toolbox', text)).code).toBe(1);
  });
});

describe('docs/imports.md', () => {
  const page = readFileSync(join(root, 'docs/imports.md'), 'utf8');
  const petstore = createRequire(import.meta.url).resolve('@readme/oas-examples/3.0/json/petstore.json');

  test('P80: its commands run as they are printed', async () => {
    workspace = createWorkspace({
      'petstore.json': readFileSync(petstore, 'utf8'),
      'claude_desktop_config.json': '{"mcpServers": {"a": {"command": "npx"}}}',
      'tools.yaml': TOOLBOX,
    });
    const { directory } = workspace;
    const commands = commandsOf(page);
    expect(commands).toHaveLength(4);
    for (const command of commands) {
      const [name, ...words] = command.split(' ');
      expect(name).toBe('bin/quayside');
      const placed = words.map((word) =>
        /\.(?:json|yaml)$/.test(word) && word !== 'mcp.json' ? join(directory, word) : word,
      );
      const env = { OPENAPI_SWAGGER_PETSTORE_API_KEY: 'a', OPENAPI_SWAGGER_PETSTORE_PETSTORE_AUTH: 'b' };
      const io = { env, out: () => undefined, err: () => undefined };
      expect(await runCommandLine(placed, io), command).toBe(0);
    }
  });

  test('P80: its definition loads', async () => {
    const [, yaml = ''] = /^```yaml\n([\s\S]*?)^```/m.exec(page) ?? [];
    workspace = createWorkspace({ 'quayside.yaml': yaml, 'petstore.json': readFileSync(petstore, 'utf8') });
    const { errors, definitions } = await loadDefinitions(workspace.definition, {
      ...VALIDATE,
      env: { PETSTORE_TOKEN: 'a-token' },
    });
    expect(errors).toEqual([]);
    expect(definitions[0]?.definition.tools.map(({ name }) => name)).toContain('addPet');
  });
});

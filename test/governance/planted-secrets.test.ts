// N8: secrets planted through every door of a real server, and a search of everything that leaves it or lies in it.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LocalServer, startLocalServer } from '../http-handler/local-server.ts';
import { createCaller } from '../support/calls.ts';
import { runCommand } from '../support/command.ts';
import { type Product, startProduct } from '../support/product.ts';
import { sendRequest } from '../support/raw-http.ts';
import { createWorkspace, type Workspace } from '../support/workspace.ts';

/** Unlike anything else, so that a hit is a hit; their names say the door. */
const PLANTED = {
  definitionKey: 'planted01-definition-key-7c1f0a9e4b',
  definitionHeader: 'planted02-definition-header-5d8e2c',
  environment: 'planted03-environment-value-91ab6f',
  file: 'planted04-file-value-03cd77',
  stored: 'planted05-stored-secret-aa41e9',
  databasePassword: 'planted06-database-password-6be2',
  handlerError: 'planted07-handler-error-b94d10',
  handlerLog: 'planted08-handler-log-2f6a85',
  argumentByName: 'planted09-argument-by-name-e07c3d',
  argumentByForm: 'sk-planted10argumentByForm4f9a2c',
  wrongCredential: 'planted11-wrong-credential-8d5b1e',
  queryCredential: 'planted12-query-credential-c3f704',
  putByRest: 'planted13-put-by-rest-59e8a1',
  sessionSecret: 'planted14-session-secret-0d7b62c4e8f1a3',
  salt: 'planted15-api-key-salt-4c92e7d05ab8',
} as const;
const MASTER_KEY = Buffer.alloc(32, 'planted16-master-key').toString('base64');
const TIMEOUT_MS = 120_000;

let workspace: Workspace;
let upstream: LocalServer;
let collector: Server;
let product: Product;
let spans = '';
const answers: string[] = [];

const definition = (upstreamUrl: string) => `
name: planted
version: 1.0.0
databases:
  away: { url: "postgres://shop:${PLANTED.databasePassword}@127.0.0.1:1/shop" }
tools:
  ask:
    description: Asks a service that answers with what it was sent.
    input: {}
    handler:
      type: http
      method: GET
      url: "${upstreamUrl}/"
      headers:
        X-Literal: ${PLANTED.definitionHeader}
        X-From-Environment: "\${PLANTED_VALUE}"
        X-From-File: "\${file:./secret.txt}"
        Authorization: "Bearer \${secret:stored}"
  query: { description: Asks a database that is away., input: {}, sql: SELECT 1, database: away }
  fail: { description: Fails with what it knows., input: { text?: string }, file: ./fail.ts }
  log: { description: Logs what it knows., input: { text?: string }, file: ./log.ts }
  check:
    description: Refuses arguments.
    input: { password?: integer, text?: integer }
    file: ./log.ts
security:
  rateLimit: { maxRequests: 100000 }
  authentication: { apiKeys: [{ name: admin, key: ${PLANTED.definitionKey}, permissions: ["*"] }] }
`;

beforeAll(async () => {
  upstream = await startLocalServer((request, response) => {
    response
      .writeHead(401, { 'content-type': 'text/plain' })
      .end(`refused: ${JSON.stringify(request.headers)}`);
  });
  collector = createServer(async (request, response) => {
    for await (const chunk of request) spans += chunk;
    response.end('{}');
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  workspace = createWorkspace({
    'quayside.yaml': definition(upstream.url),
    'secret.txt': PLANTED.file,
    'fail.ts': `export default () => { throw Object.assign(new Error('cannot log in with password=${PLANTED.handlerError} or ' + process.env.PLANTED_VALUE), { token: '${PLANTED.handlerError}' }); };\n`,
    'log.ts': `export default (args, { logger }) => { logger.error('token: ${PLANTED.handlerLog}', { client_secret: '${PLANTED.handlerLog}', text: args.text }); return 'done'; };\n`,
  });
  const data = join(workspace.directory, 'data');
  const env = {
    NODE_ENV: '',
    QUAYSIDE_MASTER_KEY: MASTER_KEY,
    PLANTED_VALUE: PLANTED.environment,
    SESSION_SECRET: PLANTED.sessionSecret,
    API_KEY_SALT: PLANTED.salt,
  };
  writeFileSync(join(workspace.directory, 'value'), PLANTED.stored);
  const set = ['secrets', 'set', 'stored', '--file', join(workspace.directory, 'value'), '--data', data];
  expect(runCommand(set, env).code).toBe(0);
  const { port } = parseAddress(collector.address());
  product = await startProduct({
    definition: { path: workspace.definition },
    data,
    env: {
      ...env,
      LOG_LEVEL: 'debug',
      LOG_FILE: join(workspace.directory, 'logs', 'quayside.log'),
      OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_TRACES_SAMPLER_ARG: '1',
    },
  });
}, TIMEOUT_MS);

afterAll(async () => {
  await product?.stop('SIGKILL');
  collector?.close();
  await upstream?.close();
  workspace?.remove();
});

const port = () => Number(new URL(product.origin).port);
const keyed = { 'X-Api-Key': PLANTED.definitionKey };

async function rest(
  method: string,
  target: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = keyed,
) {
  const answer = await sendRequest(port(), {
    method,
    target,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  answers.push(`${method} ${target.split('?')[0]}: ${JSON.stringify(answer.headers)} ${answer.text}`);
  return answer;
}

async function useEveryDoor(): Promise<void> {
  const caller = createCaller(product.url, { key: PLANTED.definitionKey });
  const call = async (tool: string, args: Readonly<Record<string, unknown>> = {}) => {
    const answer = await caller.call(tool, args);
    answers.push(`${tool}: ${JSON.stringify(answer.json)}`);
    return answer.json;
  };
  const failed = await call('ask');
  // The service has indeed seen them all, and sent them back.
  const sent = JSON.stringify(upstream.seen);
  for (const door of ['definitionHeader', 'environment', 'file', 'stored'] as const)
    expect(sent).toContain(PLANTED[door]);
  expect(failed.result.isError).toBe(true);
  expect((await call('query')).result.isError).toBe(true);
  const thrown = await call('fail', { text: PLANTED.argumentByForm });
  expect(thrown.result.content[0].text).toContain('cannot log in with password=[REDACTED]');
  await call('log', { text: `use ${PLANTED.argumentByForm}` });
  const refused = await call('check', { password: PLANTED.argumentByName, text: PLANTED.argumentByForm });
  expect(refused.result.isError).toBe(true);
  caller.close();
  expect((await rest('POST', '/mcp', {}, { 'X-Api-Key': PLANTED.wrongCredential })).status).toBe(401);
  expect(
    (await rest('POST', '/mcp', {}, { Authorization: `Bearer ${PLANTED.wrongCredential}` })).status,
  ).toBe(401);
  await rest('GET', `/admin/diagnostics?api_key=${PLANTED.queryCredential}`, undefined, {});
  await rest('GET', `/unknown?token=${PLANTED.queryCredential}`);
  expect((await rest('PUT', '/api/v1/secrets/by-rest', { value: PLANTED.putByRest })).status).toBe(201);
  expect((await rest('PUT', '/api/v1/secrets/1bad', { value: PLANTED.putByRest })).status).toBe(400);
  expect(
    (await rest('PUT', '/api/v1/secrets/a', { value: PLANTED.putByRest, more: PLANTED.putByRest })).status,
  ).toBe(400);
  // A definition that is wrong where a secret stands.
  workspace.write('quayside.yaml', definition(upstream.url).replace('url: "postgres:', 'url: "nosuch:'));
  expect((await rest('POST', '/admin/reload', {})).status).toBe(422);
  workspace.write('quayside.yaml', definition(upstream.url));
  expect((await rest('POST', '/admin/reload', {})).status).toBe(200);
}

test(
  'P24 N8: of the secrets planted through every door none is found in clear in logs, spans, metrics, health, diagnostics, answers, or what is stored',
  async () => {
    await useEveryDoor();
    const looked = [
      '/metrics',
      '/health',
      '/',
      '/version',
      '/ready',
      '/admin/diagnostics',
      '/api/v1/secrets',
      '/api/v1/secrets/stored',
    ];
    for (const target of looked)
      expect([target, (await rest('GET', target)).status]).not.toEqual([target, 404]);
    product.process.kill('SIGUSR1');
    const dumps = join(product.data, 'diagnostics');
    await expect
      .poll(() => filesBelow(product.data).filter((file) => file.startsWith(dumps)).length, {
        timeout: 20_000,
      })
      .toBe(1);
    await expect.poll(() => spans, { timeout: 30_000 }).toContain('tools/call');
    expect(await product.stop('SIGTERM')).toBe(0);

    const stored = Object.fromEntries(
      [...filesBelow(product.data), ...filesBelow(join(workspace.directory, 'logs'))].map((file) => [
        file,
        readFileSync(file, 'latin1'),
      ]),
    );
    const places: Readonly<Record<string, string>> = {
      ...stored,
      stderr: product.log(),
      report: product.report,
      spans,
      answers: answers.join('\n'),
    };
    // Nothing was searched in vain.
    expect(Object.keys(stored).some((file) => file.endsWith('quayside.db'))).toBe(true);
    expect(product.log()).toContain('handler failed');
    expect(product.log()).toContain('[REDACTED]');
    expect(hitsIn(places)).toEqual([]);
  },
  TIMEOUT_MS,
);

/** Which secret lies where, also in the forms that an address or a JSON text gives it. */
function hitsIn(places: Readonly<Record<string, string>>): readonly string[] {
  const secrets = { ...PLANTED, masterKey: MASTER_KEY };
  return Object.entries(places).flatMap(([place, text]) =>
    Object.entries(secrets).flatMap(([door, secret]) =>
      [secret, Buffer.from(secret).toString('base64').replace(/=+$/, ''), encodeURIComponent(secret)].some(
        (form) => text.includes(form),
      )
        ? [
            `${door} in ${place}: ${text.slice(Math.max(0, text.indexOf(secret) - 200), text.indexOf(secret) + 60)}`,
          ]
        : [],
    ),
  );
}

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function parseAddress(address: ReturnType<Server['address']>): { readonly port: number } {
  if (address === null || typeof address === 'string') throw new Error('The collector has no port.');
  return address;
}

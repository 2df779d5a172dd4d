import { expect, test } from 'vitest';
import { validate } from './validate.ts';

async function run(
  path: string | undefined,
  options: { readonly json?: true } = {},
  env: Record<string, string> = {},
) {
  const written = { out: '', err: '' };
  const io = {
    env,
    out: (text: string) => {
      written.out += text;
    },
    err: (text: string) => {
      written.err += text;
    },
  };
  const code = await validate({ ...(path === undefined ? {} : { path }), ...options }, io);
  return { code, ...written };
}

test('P08: a valid definition exits with 0 and says what it holds', async () => {
  const { code, out } = await run('examples/configurable/workshop.json');
  expect(code).toBe(0);
  expect(out).toContain('workshop (/mcp/workshop): 4 tools, 0 prompts, 0 resources\n');
  expect(out).toMatch(/workshop\.json: valid, 0 errors, 0 warnings\n$/);
});

test('P08: a broken definition exits with 78 and shows every problem in one line', async () => {
  const { code, out } = await run('test/definition/broken/key-dates-reversed.yaml');
  expect(code).toBe(78);
  expect(out.split('\n')[0]).toBe(
    'test/definition/broken/key-dates-reversed.yaml:9:20: error [api-key] /security/authentication/apiKeys/0/notBefore: The key expires before it becomes valid. Put notBefore before expiresAt.',
  );
});

test('P08: --json prints the same as data', async () => {
  const { code, out } = await run('test/definition/broken/choice.yaml', { json: true });
  expect(code).toBe(78);
  expect(JSON.parse(out)).toMatchObject({
    valid: false,
    servers: [],
    errors: [{ rule: 'value', line: 5, column: 15, nearest: 'fixed-window', received: '"fixed-windw"' }],
  });
});

test('P78: CONFIG_PATH and the environment are honoured', async () => {
  const { code, out } = await run(
    undefined,
    {},
    { CONFIG_PATH: 'examples/configurable/service-desk.json', NODE_ENV: 'production' },
  );
  expect(code).toBe(78);
  expect(out).toContain('error [api-key]');
});

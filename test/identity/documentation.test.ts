// docs/tokens.md: its definitions are served, and its commands run as they are printed.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runShell } from '../support/curl.ts';
import { modern } from '../support/http-endpoint.ts';
import { createSigningKey, signToken, startIssuer } from '../support/issuer.ts';
import { startProduct } from '../support/product.ts';
import { requires } from '../support/requires.ts';
import { createWorkspace } from '../support/workspace.ts';
import { commandsOf } from '../tidy/markdown.ts';
import { root } from '../tidy/source-tree.ts';

const TIMEOUT_MS = 60_000;
const page = readFileSync(join(root, 'docs/tokens.md'), 'utf8');

/** Blocks of code in one language, in order. */
function blocksOf(language: string): readonly string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    ([, text = '']) => text,
  );
}

const [complete = '', shared = '', local = ''] = blocksOf('yaml');
const [handler = ''] = blocksOf('ts');
const withoutSecurity = complete.slice(0, complete.indexOf('security:'));

test(
  'P80 P14: the complete definition of docs/tokens.md answers a token for it',
  async () => {
    const key = createSigningKey('docs');
    const issuer = await startIssuer([key]);
    const workspace = createWorkspace({
      'quayside.yaml': complete.replace('https://id.example.com', issuer.issuer),
      'hello.ts': handler,
    });
    const product = await startProduct({
      definition: { path: workspace.definition },
      env: { QUAYSIDE_PUBLIC_URL: 'https://mcp.example.com' },
    });
    const token = await signToken(key, {
      iss: issuer.issuer,
      aud: 'https://mcp.example.com/mcp/shop',
      scope: 'openid tools:hello',
    });
    const call = (headers: Record<string, string>) =>
      modern(product.url, {
        method: 'tools/call',
        params: { name: 'hello', arguments: { name: 'Ada' } },
        headers,
      });
    const answer = await call({ authorization: `Bearer ${token}` });
    expect(answer.json.result.content).toEqual([{ type: 'text', text: 'Hello, Ada.' }]);
    expect((await call({})).headers.get('www-authenticate')).toBe(
      'Bearer resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp"',
    );
    await product.stop();
    await issuer.close();
    workspace.remove();
  },
  TIMEOUT_MS,
);

test.skipIf(!requires.tool('curl') || !requires.tool('bash'))(
  'P80 P14: the commands of local login in docs/tokens.md',
  async () => {
    const workspace = createWorkspace({ 'quayside.yaml': withoutSecurity + local, 'hello.ts': handler });
    const product = await startProduct({ definition: { path: workspace.definition } });
    const commands = commandsOf(page);
    const run = async (start: string, env: Record<string, string> = {}) => {
      const command = commands.find((one) => one.startsWith(start));
      if (command === undefined) throw new Error(`docs/tokens.md has no command ${start}`);
      const { out } = await runShell(command.replaceAll('http://127.0.0.1:3000', product.origin), {
        env: { QUAYSIDE_DATA_DIR: product.data, ...env },
      });
      return out;
    };
    const [password = ''] = (await run('bin/quayside users create')).split('\n');
    const { access_token: token } = JSON.parse(
      await run('curl -s http://127.0.0.1:3000/api/v1/auth/login', { PASSWORD: password }),
    );
    const me = JSON.parse(await run('curl -s http://127.0.0.1:3000/api/v1/auth/me', { TOKEN: token }));
    expect(me).toMatchObject({ type: 'token', permissions: ['admin:users', 'tools:*'] });
    await product.stop();
    workspace.remove();
  },
  TIMEOUT_MS,
);

test(
  'P80 P14: the definition with a shared secret in docs/tokens.md starts with JWT_SECRET',
  async () => {
    const workspace = createWorkspace({ 'quayside.yaml': withoutSecurity + shared, 'hello.ts': handler });
    const product = await startProduct({
      definition: { path: workspace.definition },
      env: { JWT_SECRET: 'qJ8v2Zr5Lx0Tn7Wc4Yk1Pb9Hs6Dg3Fm+Ue/Ia' },
    });
    expect((await modern(product.url, { method: 'tools/list' })).status).toBe(401);
    await product.stop();
    workspace.remove();
  },
  TIMEOUT_MS,
);

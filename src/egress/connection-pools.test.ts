import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { createConnectionPools } from './connection-pools.ts';

test('the files of the client library have the shape that is relied on', async () => {
  const pools = await createConnectionPools();
  await pools.close();
});

test('nothing of the client library is loaded before the first request', async () => {
  const url = JSON.stringify(new URL('./egress.ts', import.meta.url).href);
  const script = `
    import { createRequire } from 'node:module';
    const { createEgress } = await import(${url});
    const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
    const egress = createEgress({ allow: '127.0.0.1', log });
    const loaded = () => Object.keys(createRequire(${url}).cache).filter((file) => file.includes('/undici/')).length;
    const before = loaded();
    await egress.fetch({ url: 'http://127.0.0.1:1/', method: 'GET', timeoutMs: 5000, maxBytes: 1, purpose: 'test',
      allowedHosts: ['127.0.0.1:1'] }).catch(() => undefined);
    process.stdout.write(JSON.stringify({ before, after: loaded() > 0 }));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  expect(JSON.parse(stdout)).toEqual({ before: 0, after: true });
});

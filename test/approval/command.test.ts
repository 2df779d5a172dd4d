// The operator's way: `quayside approvals` beside a server that runs on the same store.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { definitionOver, startUpstream, type Upstream } from '../idempotency/upstream.ts';
import { runCommand } from '../support/command.ts';
import { modern } from '../support/http-endpoint.ts';
import { type Product, startProduct } from '../support/product.ts';

let upstream: Upstream;
let product: Product;

beforeAll(async () => {
  upstream = await startUpstream();
  product = await startProduct({
    definition: { yaml: definitionOver(upstream.url, 'approval: { required: true }') },
  });
}, 60_000);
afterAll(async () => {
  await product?.stop();
  await upstream?.close();
});

const create = async (name: string) => {
  const { json } = await modern(product.url, {
    method: 'tools/call',
    params: { name: 'create', arguments: { name } },
  });
  return json.result;
};

test('a call waits, is listed, granted and made once; another is denied', async () => {
  const asked = await create('by command');
  const { id } = asked._meta['quayside/approval'];
  const listed = runCommand(['approvals', 'list', '--data', product.data]);
  expect([listed.code, listed.out]).toEqual([0, expect.stringContaining(`${id}  pending  once/create`)]);
  const granted = runCommand(['approvals', 'grant', id, '--data', product.data]);
  expect([granted.code, granted.out]).toEqual([0, 'once/create is granted.\n']);
  expect((await create('by command')).isError).toBeUndefined();
  expect(upstream.effects).toEqual(['by command']);
  const other = (await create('not this'))._meta['quayside/approval'].id;
  expect(runCommand(['approvals', 'deny', other, '--data', product.data]).out).toBe(
    'once/create is denied.\n',
  );
  const again = runCommand(['approvals', 'grant', other, '--data', product.data]);
  expect([again.code, again.err]).toEqual([1, expect.stringContaining('The approval is denied')]);
  const unknown = runCommand(['approvals', 'grant', 'nothing', '--data', product.data]);
  expect([unknown.code, unknown.err]).toEqual([
    1,
    expect.stringContaining('There is no approval of this id.'),
  ]);
  const json = JSON.parse(runCommand(['approvals', 'list', '--json', '--data', product.data]).out);
  expect(json.map(({ status }: { status: string }) => status).sort()).toEqual(['denied', 'used']);
}, 60_000);

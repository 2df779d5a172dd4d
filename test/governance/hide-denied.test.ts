// Where `hideDenied` is set, what a key may not use does not exist for it.
import { expect, test } from 'vitest';
import { modern } from '../support/http-endpoint.ts';
import { governedDefinition, KEYS, startGovernedServer } from './governed-server.ts';

test('P15: with hideDenied a forbidden tool is answered like one that does not exist', async () => {
  const server = await startGovernedServer({
    definition: governedDefinition('hiding', '  permissions: { hideDenied: true }'),
  });
  const call = (name: string) =>
    modern(server.url, {
      method: 'tools/call',
      params: { name, arguments: {} },
      headers: { 'x-api-key': KEYS.alpha },
    });
  const [hidden, absent] = [await call('beta'), await call('gamma')];
  expect([hidden.status, hidden.json.error.code]).toEqual([200, -32602]);
  expect(hidden.json.error.message.replace('beta', 'gamma')).toBe(absent.json.error.message);
  expect(hidden.json.error.data).toEqual(absent.json.error.data);
  expect([...hidden.headers.keys()].sort()).toEqual([...absent.headers.keys()].sort());
  await server.close();
}, 90_000);

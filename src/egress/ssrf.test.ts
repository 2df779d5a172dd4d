import { afterAll, expect, test } from 'vitest';
import { createRecordingLog, startLocalServer } from '../../test/http-handler/local-server.ts';
import { createEgress, type EgressRequest } from './egress.ts';

/** Answers of the injected resolver; all other names do not exist. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  'private.example': ['10.0.0.5'],
  'mixed.example': ['93.184.216.34', '127.0.0.1'],
  'mapped.example': ['::ffff:10.0.0.5'],
  'nat64.example': ['64:ff9b::a00:5'],
  'ula.example': ['fd00::5'],
  'azure.example': ['168.63.129.16'],
  'metadata.google.internal': ['93.184.216.34'],
  localhost: ['127.0.0.1', '::1'],
  'localhost.localdomain': ['127.0.0.1'],
  '127.0.0.1.nip.example': ['127.0.0.1'],
};

const { log, lines } = createRecordingLog();
const egress = createEgress({
  allow: '',
  log,
  dnsTtlMs: 0,
  resolveHost: async (hostname) =>
    NAMES[hostname.replace(/\.$/, '')] ?? Promise.reject(new Error('no such name')),
});
afterAll(() => egress.close());

const request = (url: string): EgressRequest => ({
  url,
  method: 'GET',
  timeoutMs: 2000,
  maxBytes: 1000,
  purpose: 'test',
});

const REFUSED = [
  'http://127.0.0.1/',
  'http://127.0.0.1:8080/x',
  'http://127.1/',
  'http://127.0.1/',
  'http://2130706433/',
  'http://0x7f000001/',
  'http://0x7f.0x0.0x0.0x1/',
  'http://0177.0.0.1/',
  'http://017700000001/',
  'http://127.0.0.1./',
  'http://%31%32%37.0.0.1/',
  'http://１２７.０.０.１/',
  'http://127。0。0。1/',
  'http://①②⑦.⓪.⓪.①/',
  'http://0/',
  'http://0.0.0.0/',
  'http://10.0.0.1/',
  'http://172.16.0.1/',
  'http://192.168.0.1/',
  'http://169.254.169.254/latest/meta-data/',
  'http://2852039166/latest/meta-data/',
  'http://0xa9fea9fe/',
  'http://169.254.170.2/v2/credentials',
  'http://168.63.129.16/machine',
  'http://100.100.100.200/',
  'http://100.64.0.1/',
  'http://192.0.0.192/',
  'http://198.18.0.1/',
  'http://203.0.113.9/',
  'http://224.0.0.1/',
  'http://255.255.255.255/',
  'http://[::]/',
  'http://[::1]/',
  'http://[0:0:0:0:0:0:0:1]/',
  'http://[::127.0.0.1]/',
  'http://[::ffff:127.0.0.1]/',
  'http://[::ffff:7f00:1]/',
  'http://[::ffff:0:7f00:1]/',
  'http://[64:ff9b::127.0.0.1]/',
  'http://[64:ff9b:1::a00:1]/',
  'http://[2002:7f00:1::]/',
  'http://[2001:0:1:2:3:4:80ff:fffe]/',
  'http://[fe80::1]/',
  'http://[fc00::1]/',
  'http://[fd00:ec2::254]/',
  'http://[fec0::1]/',
  'http://[ff02::1]/',
  'http://[2001:db8::1]/',
  'http://localhost/',
  'http://LOCALHOST./',
  'http://ⓛocalhost/',
  'http://localhost.localdomain/',
  'http://127.0.0.1.nip.example/',
  'http://private.example/',
  'http://mixed.example/',
  'http://mapped.example/',
  'http://nat64.example/',
  'http://ula.example/',
  'http://azure.example/',
  'http://metadata.google.internal/computeMetadata/v1/',
  'http://METADATA.google.internal./',
  'http://93.184.216.34:25/',
  'https://93.184.216.34:6667/',
] as const;

test.each(REFUSED)('P05: %s is refused before anything is connected', async (url) => {
  await expect(egress.fetch(request(url))).rejects.toMatchObject({ reason: 'refused_address' });
});

test.each([
  ['ftp://example.com/', 'invalid_url'],
  ['file:///etc/passwd', 'invalid_url'],
  ['gopher://127.0.0.1:70/', 'invalid_url'],
  ['data:text/plain,x', 'invalid_url'],
  ['//example.com/', 'invalid_url'],
  ['/path', 'invalid_url'],
  ['', 'invalid_url'],
  ['http://', 'invalid_url'],
  ['http://user@example.com/', 'invalid_url'],
  ['http://user:pass@93.184.216.34/', 'invalid_url'],
  ['http://93.184.216.34@127.0.0.1/', 'invalid_url'],
  ['http://127.0.0.1:0/', 'invalid_url'],
  ['http://127.0.0.1:99999/', 'invalid_url'],
  ['http://[::1%25eth0]/', 'invalid_url'],
  [`http://example.com/${'x'.repeat(9000)}`, 'invalid_url'],
  ['http://nowhere.example/', 'dns'],
])('%s ends as %s', async (url, reason) => {
  await expect(egress.fetch(request(url))).rejects.toMatchObject({ name: 'EgressError', reason });
});

test('a refusal is logged with the entry that would open the target', () => {
  const line = lines.find((one) => String(one.fields.detail).includes('10.0.0.5'));
  expect(line).toMatchObject({ level: 'warn', fields: { reason: 'refused_address', purpose: 'test' } });
  expect(String(line?.fields.detail)).toContain('QUAYSIDE_EGRESS_ALLOW: private.example:80');
});

test('a literal target does not open other hosts or ports', async () => {
  await expect(
    egress.fetch({ ...request('http://127.0.0.1:8081/'), allowedHosts: ['127.0.0.1:8080'] }),
  ).rejects.toMatchObject({ reason: 'refused_address' });
});

test('allowedDomains narrows and opens nothing', async () => {
  const narrowed = { allowedDomains: ['private.example', '*.ok.example'] };
  await expect(egress.fetch({ ...request('http://example.com/'), ...narrowed })).rejects.toMatchObject({
    reason: 'refused_domain',
  });
  await expect(egress.fetch({ ...request('http://private.example/'), ...narrowed })).rejects.toMatchObject({
    reason: 'refused_address',
  });
});

test.each([301, 302, 303, 307, 308])('a %i redirect to another private place is refused', async (status) => {
  const inner = await startLocalServer();
  const outer = await startLocalServer((_request, response) => {
    response.writeHead(status, { location: `${inner.url}/secret` }).end();
  });
  const attempt = egress.fetch({ ...request(outer.url), followRedirects: 3, allowedHosts: [outer.host] });
  await expect(attempt).rejects.toMatchObject({ reason: 'refused_address' });
  expect(inner.seen).toEqual([]);
  await Promise.all([inner.close(), outer.close()]);
});

test.each([
  'http://169.254.169.254/latest/',
  '//[::ffff:a9fe:a9fe]/',
  'http://localhost:22/',
  'http://2130706433/',
  'file:///etc/passwd',
  'javascript:alert(1)',
])('a redirect to %s is refused', async (location) => {
  const server = await startLocalServer((_request, response) => response.writeHead(302, { location }).end());
  const attempt = egress.fetch({ ...request(server.url), followRedirects: 3, allowedHosts: [server.host] });
  await expect(attempt).rejects.toMatchObject({ reason: /^(refused_address|invalid_url)$/ });
  await server.close();
});

test('a redirect out of allowedDomains is refused', async () => {
  const server = await startLocalServer((_request, response) => {
    response.writeHead(302, { location: 'http://93.184.216.34/' }).end();
  });
  const attempt = egress.fetch({
    ...request(server.url),
    followRedirects: 3,
    allowedHosts: [server.host],
    allowedDomains: ['127.0.0.1'],
  });
  await expect(attempt).rejects.toMatchObject({ reason: 'refused_domain' });
  await server.close();
});

test('a name that changes its answer between check and connection reaches only what was checked', async () => {
  const server = await startLocalServer();
  let asked = 0;
  const rebinding = createEgress({
    allow: '127.0.0.1',
    log,
    dnsTtlMs: 0,
    // The first answer is allowed; every later one would be the attacker's.
    resolveHost: async () => (asked++ === 0 ? ['127.0.0.1'] : ['127.0.0.2']),
  });
  const url = `http://rebind.example:${server.port}/`;
  const first = await rebinding.fetch(request(url));
  expect(first.status).toBe(200);
  expect(asked).toBe(1);
  await expect(rebinding.fetch(request(url))).rejects.toMatchObject({ reason: 'refused_address' });
  expect(server.seen).toHaveLength(1);
  await rebinding.close();
  await server.close();
});

test('a kept connection serves only requests whose own check found its address', async () => {
  const server = await startLocalServer();
  const answers = [['127.0.0.1'], ['127.0.0.2']];
  const changing = createEgress({
    allow: '127.0.0.2',
    log,
    dnsTtlMs: 0,
    resolveHost: async () => answers.shift() ?? [],
  });
  const url = `http://api.example:${server.port}/`;
  await changing.fetch({ ...request(url), allowedHosts: [`api.example:${server.port}`] });
  // Its new address is open to everyone, but nobody listens there; the connection to the old one is not taken.
  await expect(changing.fetch(request(url))).rejects.toMatchObject({ reason: 'connect' });
  expect(server.seen).toHaveLength(1);
  await changing.close();
  await server.close();
});

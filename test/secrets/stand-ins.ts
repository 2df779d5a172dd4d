// Stand-ins of AWS Secrets Manager and Vault on loopback that refuse what the real ones refuse.
import { createHash, createHmac } from 'node:crypto';
import { type LocalServer, type SeenRequest, startLocalServer } from '../http-handler/local-server.ts';

export const AWS_KEYS = {
  id: 'AKIDSTANDIN',
  secret: 'stand-in-secret-access-key',
  token: 'stand-in-session',
};
export const VAULT_TOKEN = 'stand-in-vault-token';

/** Answers GetSecretValue from `secrets`; a request with a wrong signature, time or credential gets 403. */
export function startAws(secrets: ReadonlyMap<string, string>): Promise<LocalServer> {
  return startLocalServer((request, response) => {
    const answer = (status: number, body: unknown) =>
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
    if (request.method !== 'POST' || request.headers['x-amz-target'] !== 'secretsmanager.GetSecretValue')
      return answer(400, { __type: 'UnknownOperationException' });
    if (!isSigned(request)) return answer(403, { __type: 'InvalidSignatureException' });
    const { SecretId: id } = parseBody(request.body);
    const value = secrets.get(id);
    if (value === undefined) return answer(400, { __type: 'ResourceNotFoundException' });
    return answer(
      200,
      id === 'binary' ? { Name: id, SecretBinary: 'AAE=' } : { Name: id, SecretString: value },
    );
  });
}

/** Answers reads of the mount `kv`; a request without the token gets 403. */
export function startVault(
  secrets: ReadonlyMap<string, Readonly<Record<string, unknown>>>,
): Promise<LocalServer> {
  return startLocalServer((request, response) => {
    const answer = (status: number, body: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (request.headers['x-vault-token'] !== VAULT_TOKEN)
      return answer(403, { errors: ['permission denied'] });
    const path = /^\/v1\/kv\/data\/(.+)$/.exec(request.target)?.[1];
    const data = path === undefined ? undefined : secrets.get(decodeURIComponent(path));
    if (data === undefined) return answer(404, { errors: [] });
    return answer(200, { data: { data, metadata: { version: 1 } } });
  });
}

/** Follows the description of Signature Version 4, apart from the product's own code. */
function isSigned({ headers, target, body }: SeenRequest): boolean {
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/secretsmanager\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    );
  if (match === null) return false;
  const [, id, day = '', region = '', signedNames = '', signature] = match;
  const time = String(headers['x-amz-date']);
  const isFresh =
    Math.abs(Date.now() - Date.parse(time.replace(/^(....)(..)(..T..)(..)(..)Z$/, '$1-$2-$3:$4:$5Z'))) <
    300_000;
  if (id !== AWS_KEYS.id || !isFresh || headers['x-amz-security-token'] !== AWS_KEYS.token) return false;
  const names = signedNames.split(';');
  if (!['host', 'x-amz-date', 'x-amz-target', 'x-amz-security-token'].every((name) => names.includes(name)))
    return false;
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  const lines = names.map((name) => `${name}:${headers[name]}\n`).join('');
  const canonical = `POST\n${target}\n\n${lines}\n${signedNames}\n${hash(body)}`;
  const toSign = `AWS4-HMAC-SHA256\n${time}\n${day}/${region}/secretsmanager/aws4_request\n${hash(canonical)}`;
  const mac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const key = mac(mac(mac(mac(`AWS4${AWS_KEYS.secret}`, day), region), 'secretsmanager'), 'aws4_request');
  return mac(key, toSign).toString('hex') === signature;
}

function parseBody(text: string): { SecretId: string } {
  return JSON.parse(text);
}

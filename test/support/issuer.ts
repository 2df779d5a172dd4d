// An issuer of tokens on loopback that tests have in their hands: its keys, its documents, whether it answers.
import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { type JWTPayload, SignJWT } from 'jose';
import { freePort } from './free-port.ts';

/** A key pair under an id. */
export interface SigningKey {
  readonly kid: string;
  readonly algorithm: 'RS256' | 'ES256' | 'EdDSA';
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** As it is published. */
  readonly jwk: Readonly<Record<string, unknown>>;
}

export interface TestIssuer {
  readonly issuer: string;
  /** What the key set says; replace it to roll over. */
  keys: readonly Readonly<Record<string, unknown>>[];
  /** Merged over the discovery document. */
  discovery: Readonly<Record<string, unknown>>;
  /** Answered at `/userinfo` to whoever presents a token. */
  profile: Readonly<Record<string, unknown>>;
  /** Requests for the key set so far. */
  readonly fetches: number;
  readonly paths: readonly string[];
  /** Answers 503 to everything while true. */
  isDown: boolean;
  close(): Promise<void>;
}

/** Makes a key pair. */
export function createSigningKey(kid: string, algorithm: SigningKey['algorithm'] = 'RS256'): SigningKey {
  const { privateKey, publicKey } = pairOf(algorithm);
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: algorithm };
  return { kid, algorithm, privateKey, publicKey, jwk };
}

function pairOf(algorithm: SigningKey['algorithm']): { privateKey: KeyObject; publicKey: KeyObject } {
  if (algorithm === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519');
  return generateKeyPairSync('rsa', { modulusLength: 2048 });
}

/** Listens at once; publishes `keys`. */
export async function startIssuer(keys: readonly SigningKey[]): Promise<TestIssuer> {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const paths: string[] = [];
  const state = {
    issuer,
    keys: keys.map(({ jwk }) => jwk),
    discovery: {},
    profile: {},
    isDown: false,
    paths,
    get fetches() {
      return paths.filter((path) => path === '/keys').length;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    paths.push(path);
    const documents: Readonly<Record<string, unknown>> = {
      '/.well-known/openid-configuration': {
        issuer,
        jwks_uri: `${issuer}/keys`,
        userinfo_endpoint: `${issuer}/userinfo`,
        ...state.discovery,
      },
      '/keys': { keys: state.keys },
      ...(request.headers.authorization === undefined ? {} : { '/userinfo': state.profile }),
    };
    const document = documents[path];
    const status = state.isDown ? 503 : document === undefined ? 404 : 200;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(document ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return state;
}

/** A token that is good for an hour from `now` (milliseconds); `claims` and `header` replace what it says. */
export function signToken(
  key: SigningKey,
  claims: JWTPayload,
  options: { readonly now?: number; readonly header?: Readonly<Record<string, unknown>> } = {},
): Promise<string> {
  const seconds = Math.floor((options.now ?? Date.now()) / 1000);
  return new SignJWT({ sub: 'ada', iat: seconds, exp: seconds + 3600, jti: randomUUID(), ...claims })
    .setProtectedHeader({ alg: key.algorithm, kid: key.kid, ...options.header })
    .sign(key.privateKey);
}

// `requestState` of multi round-trip requests: the client carries it, so it is encrypted, authenticated, and bound
// to the principal, the request and a time (MCP 2026-07-28, MRTR: server requirements 4 and 5).
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { QuaysideError } from '../../errors.ts';
import { derivedOf, type SigningSecrets } from '../../secrets/signing-secrets.ts';
import type { JsonObject, Principal } from '../../tool.ts';
import { isObject } from '../messages.ts';

/** Ten minutes: people answer forms slowly, and nothing but this request can be replayed with it. */
export const REQUEST_STATE_TTL_MS = 600_000;

/** 256 KiB: it travels in every retry; a form or a model's answer is far smaller. */
const STATE_BYTES_MAX = 262_144;

const IV_BYTES = 12;
const TAG_BYTES = 16;

/** What the state must have been made for. */
export interface StateScope {
  readonly slug: string;
  readonly principal: Principal;
  readonly method: string;
  readonly params: JsonObject;
}

export interface RequestStates {
  seal(scope: StateScope, answers: JsonObject): string;
  /** The answers given so far. Throws `invalid_params` for anything that was not sealed for this scope. */
  open(scope: StateScope, state: unknown): JsonObject;
}

/** `now` in milliseconds of the wall clock: replicas that share the secrets accept each other's states. */
export function createRequestStates(secrets: SigningSecrets, now: () => number): RequestStates {
  const keyOf = derivedOf((secret) =>
    Buffer.from(hkdfSync('sha256', secret, '', 'quayside request state', 32)),
  );
  return {
    seal(scope, answers) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', keyOf(secrets.current()), iv).setAAD(bindingOf(scope));
      const plain = JSON.stringify({ expires: now() + REQUEST_STATE_TTL_MS, answers });
      if (plain.length > STATE_BYTES_MAX) {
        throw new QuaysideError('invalid_params', {
          message: 'The answers given so far are too large to continue.',
        });
      }
      const sealed = Buffer.concat([iv, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return sealed.toString('base64url');
    },
    open(scope, state) {
      const plain = decrypt(secrets.accepted().map(keyOf), scope, state);
      if (!isObject(plain) || typeof plain.expires !== 'number' || !isObject(plain.answers))
        throw invalidState();
      if (plain.expires < now()) throw invalidState();
      return plain.answers;
    },
  };
}

function decrypt(keys: readonly Buffer[], scope: StateScope, state: unknown): unknown {
  // The alphabet is checked because Buffer.from would skip what is foreign to it, and tampering with it.
  if (typeof state !== 'string' || state.length > STATE_BYTES_MAX * 2 || !/^[\w-]+$/.test(state))
    throw invalidState();
  const sealed = Buffer.from(state, 'base64url');
  if (sealed.length < IV_BYTES + TAG_BYTES) throw invalidState();
  const binding = bindingOf(scope);
  let cause: unknown;
  for (const key of keys) {
    try {
      return JSON.parse(decryptWith(key, binding, sealed));
    } catch (error) {
      // Another key may be the one.
      cause = error;
    }
  }
  throw invalidState(cause);
}

function decryptWith(key: Buffer, binding: Buffer, sealed: Buffer): string {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, IV_BYTES), {
    authTagLength: TAG_BYTES,
  })
    .setAAD(binding)
    .setAuthTag(sealed.subarray(-TAG_BYTES));
  const plain = Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
  return plain.toString('utf8');
}

/** Only what says which request it is: `_meta`, answers and state differ between the rounds of one request. */
function bindingOf({ slug, principal, method, params }: StateScope): Buffer {
  const { name, uri, arguments: args } = params;
  const { type, tenantId, id } = principal;
  return createHash('sha256')
    .update(JSON.stringify([slug, type, tenantId, id, method, name ?? null, uri ?? null, args ?? null]))
    .digest();
}

function invalidState(cause?: unknown): QuaysideError {
  return new QuaysideError('invalid_params', {
    message:
      'Invalid requestState: it was changed, has expired, or belongs to another request. Start again without it.',
    data: { reason: 'invalid_request_state' },
    cause,
  });
}

// What the doors of local login take.
import type { JsonObject } from '../../tool.ts';
import type { Grants } from './accounts.ts';
import { PASSWORD_LENGTH_MAX } from './password.ts';

const text = (maxLength: number, minLength = 1) => ({ type: 'string', minLength, maxLength });
const EMAIL = text(254, 3);
const PASSWORD = text(PASSWORD_LENGTH_MAX);
const SECRET = text(200);
const LIST = { type: 'array', items: text(200), maxItems: 100 };
const body = (properties: JsonObject, required: readonly string[]): JsonObject => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});
export const LOGIN_BODY = body({ email: EMAIL, password: PASSWORD }, ['email', 'password']);
export const REFRESH_BODY = body({ refresh_token: SECRET }, ['refresh_token']);
export const INVITE_BODY = body({ email: EMAIL, roles: LIST, permissions: LIST }, ['email']);
export const REGISTER_BODY = body(
  { email: EMAIL, password: PASSWORD, name: text(200), invitation: SECRET, roles: LIST, permissions: LIST },
  ['email', 'password'],
);

interface RegisterBody extends Grants {
  readonly email: string;
  readonly password: string;
  readonly name?: string;
  readonly invitation?: string;
}

/** The door has checked the schemas. */
export function parseLogin(value: unknown): { readonly email: string; readonly password: string } {
  return value as { email: string; password: string };
}

export function parseRefresh(value: unknown): string {
  return (value as { refresh_token: string }).refresh_token;
}

export function parseRegister(value: unknown): RegisterBody {
  return value as RegisterBody;
}

export function parseInvite(value: unknown): { readonly email: string } & Grants {
  return value as { email: string } & Grants;
}

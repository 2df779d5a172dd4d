// How resources of the pack answer: data as JSON, and what tools refuse as errors of the protocol.
import { QuaysideError } from '../../../errors.ts';
import type { Call, JsonObject, ResourceContent } from '../../../tool.ts';
import { CodeRefusal } from '../code-tool.ts';

type Read = (call: Call) => Promise<readonly ResourceContent[]>;

/** Codes of what is not there, or not for this caller: nothing must tell these apart. */
const UNKNOWN = new Set(['unknown_file', 'unknown_symbol', 'unknown_search', 'path_outside_allowed_roots']);
/** States in which no repository is meant. */
const UNSELECTED = new Set(['unregistered_repository', 'ambiguous_selector', 'unsupported_worktree']);

/** Lets `read` throw {@link CodeRefusal}. */
export function reading(read: Read): Read {
  return async (call) => {
    try {
      return await read(call);
    } catch (error) {
      throw error instanceof CodeRefusal ? toError(error, String(call.args.uri)) : error;
    }
  };
}

/** One content of type `application/json`. */
export function jsonContent(uri: unknown, value: object): readonly ResourceContent[] {
  return [{ uri: String(uri), mimeType: 'application/json', text: JSON.stringify(value, null, 2) }];
}

/** A variable of the address, or undefined where it is absent or empty. */
export function variable(args: JsonObject, name: string): string | undefined {
  const value = args[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The whole number of a variable. @throws CodeRefusal `invalid_arguments`. */
export function numberOf(
  args: JsonObject,
  name: string,
  { fallback, max }: { readonly fallback: number; readonly max: number },
): number {
  const text = variable(args, name);
  if (text === undefined) return fallback;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > max)
    throw new CodeRefusal('invalid_arguments', `${name}=${text}: give a whole number from 1 to ${max}.`);
  return value;
}

function toError({ code, message, details }: CodeRefusal, uri: string): QuaysideError {
  const { readiness } = details;
  const state =
    typeof readiness === 'object' && readiness !== null && 'state' in readiness && readiness.state;
  if (UNKNOWN.has(code) || (typeof state === 'string' && UNSELECTED.has(state)))
    return new QuaysideError('unknown_resource', { message, data: { uri, reason: code } });
  const data = { uri, reason: code, ...details };
  return new QuaysideError(code === 'index_unavailable' ? 'conflict' : 'invalid_params', { message, data });
}

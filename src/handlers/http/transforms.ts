// Code of the definition before the request and after the response of an http handler (spec servers §2.4).
import type { HttpHandler } from '../../definition/schema/handler.ts';
import type { EgressResponse } from '../../egress/egress.ts';
import { hasControlCharacter, headerNameProblem } from '../../egress/header-fields.ts';
import { HandlerError } from '../../errors.ts';
import type { Call, JsonObject, ToolResult } from '../../tool.ts';
import type { HandlerContext } from '../handler.ts';
import { type AuthorCodeDeps, prepareCode } from '../inline/author-code.ts';
import { parseResult } from '../workers/pooled-call.ts';
import { codeValue } from './response.ts';
import { configError } from './template.ts';

/** What `requestTransform` returns: what it leaves out stays as the handler says. */
export interface RequestParts {
  /** Replaces the body; text is sent as it is, anything else as JSON. */
  readonly body?: unknown;
  /** Added to the query of URL and handler, instead of unused arguments. */
  readonly query?: JsonObject;
  /** Names in lower case; replace those of the handler. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The transforms of one handler; absent where it has none. */
export interface Transforms {
  /** Throws HandlerError HANDLER_OUTPUT_ERROR where the code returned no parts of a request. */
  readonly toParts?: (call: Call) => Promise<RequestParts>;
  readonly toResult?: (call: Call, response: EgressResponse) => Promise<ToolResult>;
}

/** Compiles the code. Throws HandlerError HANDLER_SYNTAX_ERROR or HANDLER_LOAD_ERROR with the place in it. */
export async function prepareTransforms(
  { requestTransform, responseTransform, method }: HttpHandler,
  context: HandlerContext,
  code: Pick<AuthorCodeDeps, 'pool' | 'redact' | 'maxResultBytes'> | undefined,
): Promise<Transforms> {
  if (code === undefined) throw configError('requestTransform', 'has no isolates to run in', 'remove it');
  const prepare = (text: string, returns: 'value' | 'result') =>
    prepareCode({ code: text, returns }, { ...code, context });
  const before = requestTransform === undefined ? undefined : await prepare(requestTransform, 'value');
  const after = responseTransform === undefined ? undefined : await prepare(responseTransform, 'result');
  return {
    ...(before === undefined
      ? {}
      : { toParts: async (call) => parseParts(JSON.parse(await before(call)), method) }),
    ...(after === undefined
      ? {}
      : {
          async toResult(call, response) {
            const { status, headers } = response;
            const given = {
              args: codeValue(method, response),
              response: { status, headers: { ...headers } },
            };
            return parseResult(await after(call, given));
          },
        }),
  };
}

const PARTS = ['body', 'query', 'headers'];

function parseParts(value: unknown, method: string): RequestParts {
  if (!isRecord(value)) throw outputError('did not return an object with body, query or headers');
  const unknown = Object.keys(value).find((key) => !PARTS.includes(key));
  if (unknown !== undefined) throw outputError(`returned ${unknown}, which is none of ${PARTS.join(', ')}`);
  const { body, query, headers } = value;
  if (body !== undefined && (method === 'GET' || method === 'HEAD'))
    throw outputError(`returned a body, which has no place in a ${method} request`);
  if (query !== undefined && !isRecord(query)) throw outputError('returned a query that is no object');
  return {
    ...(body === undefined ? {} : { body }),
    ...(query === undefined ? {} : { query }),
    ...(headers === undefined ? {} : { headers: parseHeaders(headers) }),
  };
}

function parseHeaders(headers: unknown): Record<string, string> {
  if (!isRecord(headers)) throw outputError('returned headers that are no object');
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      const problem = headerNameProblem(name.toLowerCase());
      if (problem !== undefined)
        throw outputError(`returned the header ${name}, which cannot be set: ${problem}`);
      if (typeof value !== 'string' || hasControlCharacter(value))
        throw outputError(`returned a value of ${name} that is no text on one line`);
      return [name.toLowerCase(), value];
    }),
  );
}

function outputError(problem: string): HandlerError {
  return new HandlerError('HANDLER_OUTPUT_ERROR', `The requestTransform ${problem}.`);
}

function isRecord(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

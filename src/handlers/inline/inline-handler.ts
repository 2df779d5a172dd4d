// The handler kind `inline`: code in the definition, run in an isolate (spec servers §2.4, §3.2, §3.5).
import type { InlineHandler } from '../../definition/schema/handler.ts';
import type { HandlerFactory } from '../handler.ts';
import { parseResult } from '../workers/pooled-call.ts';
import { type AuthorCodeDeps, prepareCode } from './author-code.ts';

/** Makes the factory of `inline` handlers; code is compiled when a handler is prepared. */
export function createInlineHandler(deps: AuthorCodeDeps): HandlerFactory<InlineHandler> {
  return async ({ code, memoryMb, timeout }, context) => {
    const run = await prepareCode({ code, returns: 'result' }, { ...deps, context, memoryMb });
    return { timeoutMs: timeout, run: async (call) => parseResult(await run(call)) };
  };
}

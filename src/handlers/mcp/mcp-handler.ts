// Handler kind `mcp`: a tool that a tool of an upstream answers (spec servers §2.4).
import type { McpHandler } from '../../definition/schema/handler.ts';
import { HandlerError } from '../../errors.ts';
import type { Call, JsonObject, ToolResult } from '../../tool.ts';
import { isObject } from '../../upstreams/json-object.ts';
import { UpstreamError } from '../../upstreams/upstream-error.ts';
import type { HeldUpstreams } from '../../upstreams/upstreams.ts';
import type { HandlerFactory } from '../handler.ts';
import { compileValue } from '../http/body-template.ts';
import { createTemplateScope } from '../http/template.ts';
import { parseContentItems } from '../result.ts';
import { callUpstream } from './call-upstream.ts';
import { toHandlerError } from './upstream-failure.ts';

/** Makes the factory of `mcp` handlers over the upstreams of one definition. */
export function createMcpHandler(upstreams: HeldUpstreams): HandlerFactory<McpHandler> {
  return (handler, context) => {
    const held = upstreams.get(handler.upstream);
    if (held === undefined)
      throw new HandlerError('HANDLER_CONFIG_ERROR', `There is no upstream '${handler.upstream}'.`);
    const argumentsOf = compileArguments(handler, context.inputSchema);
    const timeoutMs = context.toolTimeoutMs ?? handler.timeout;
    return {
      timeoutMs: handler.timeout,
      annotations: { openWorldHint: true },
      async run(call) {
        const params = { name: handler.tool, arguments: argumentsOf(call) };
        try {
          const request = { method: 'tools/call', params, timeoutMs } as const;
          return toResult(await callUpstream(held, request, call));
        } catch (error) {
          throw error instanceof UpstreamError ? toHandlerError(error) : error;
        }
      },
    };
  };
}

/** Without a mapping the arguments pass as they are, with the key where the author's own schema has it. */
function compileArguments(handler: McpHandler, inputSchema: JsonObject): (call: Call) => JsonObject {
  if (handler.arguments === undefined) return ({ args }) => args;
  const render = compileValue(handler.arguments, 'arguments', createTemplateScope(inputSchema));
  return ({ args }) => {
    const rendered = render(args);
    return isObject(rendered) ? rendered : {};
  };
}

/** Keys of `_meta` that are ours to say: an upstream does not speak for the gate, nor for us as a server. */
const OWN_META = /^(?:error$|quayside\/|io\.modelcontextprotocol\/)/;

function toResult({ content, structuredContent, isError, _meta }: JsonObject): ToolResult {
  const meta = isObject(_meta) ? Object.entries(_meta).filter(([key]) => !OWN_META.test(key)) : [];
  return {
    content: parseContentItems(content),
    ...(structuredContent === undefined ? {} : { structuredContent }),
    ...(isError === true ? { isError } : {}),
    ...(meta.length === 0 ? {} : { _meta: Object.fromEntries(meta) }),
  };
}

// Handlers behind resources and prompts: run within their timeout, their result as contents or messages.
import { HandlerError, QuaysideError } from '../../errors.ts';
import type { Call, ContentItem, JsonObject, PromptResult, ResourceContent, ToolResult } from '../../tool.ts';
import type { PreparedHandler } from '../handler.ts';

/** Runs the handler with `args`; throws HandlerError when it fails, reports a failure, or exceeds its timeout. */
export async function runHandler(
  handler: PreparedHandler,
  call: Call,
  args: JsonObject,
): Promise<ToolResult> {
  const controller = new AbortController();
  const { signal } = call;
  const ended = Promise.withResolvers<never>();
  const end = (reason: unknown) => {
    controller.abort(reason);
    ended.reject(reason);
  };
  const onAbort = () => end(signal.reason);
  const timer = setTimeout(() => {
    const message = `The handler did not finish within ${handler.timeoutMs} ms.`;
    end(new HandlerError('HANDLER_TIMEOUT_ERROR', message, { details: { timeoutMs: handler.timeoutMs } }));
  }, handler.timeoutMs);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    signal.throwIfAborted();
    const { requestId, principal, client } = call;
    const running = handler.run({ args, requestId, principal, client, signal: controller.signal });
    const result = await Promise.race([ended.promise, running]);
    if (result.isError === true) throw new HandlerError('HANDLER_EXECUTION_ERROR', textOf(result));
    return result;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    // Nobody may be left waiting for the race that was won.
    ended.promise.catch(() => undefined);
  }
}

function textOf({ content }: ToolResult): string {
  const texts = content.flatMap((item) => (typeof item.text === 'string' ? [item.text] : []));
  return texts.join('\n') || 'The handler reported a failure.';
}

/** Throws QuaysideError `unknown_resource` for a result without content: the handler knows no such resource. */
export function toContents(
  result: ToolResult,
  { uri, mimeType }: { readonly uri: string; readonly mimeType: string | undefined },
): readonly ResourceContent[] {
  if (result.content.length === 0) throw new QuaysideError('unknown_resource', { data: { uri } });
  const textType = mimeType ?? (result.structuredContent === undefined ? 'text/plain' : 'application/json');
  return result.content.map((item) => toContent(item, uri, { mimeType, textType }));
}

interface Types {
  readonly mimeType: string | undefined;
  readonly textType: string;
}

function toContent(item: ContentItem, uri: string, { mimeType, textType }: Types): ResourceContent {
  if (typeof item.text === 'string') return { uri, mimeType: textType, text: item.text };
  if (typeof item.data === 'string') {
    return {
      uri,
      mimeType: mimeType ?? String(item.mimeType ?? 'application/octet-stream'),
      blob: item.data,
    };
  }
  const { resource } = item;
  if (isRecord(resource)) {
    const type = typeof resource.mimeType === 'string' ? resource.mimeType : mimeType;
    const own = { uri: placedUri(resource.uri, uri), ...(type === undefined ? {} : { mimeType: type }) };
    if (typeof resource.text === 'string') return { ...own, text: resource.text };
    if (typeof resource.blob === 'string') return { ...own, blob: resource.blob };
  }
  throw new HandlerError('HANDLER_OUTPUT_ERROR', `A ${item.type} item cannot be the content of a resource.`);
}

/** Bytes of a result carry a made-up URI; as content they are the resource that was read. */
function placedUri(own: unknown, uri: string): string {
  return typeof own === 'string' && !own.startsWith('result:///') ? own : uri;
}

/** `{messages, description?}` as structured content, or text as one message of the user. */
export function toPromptResult(result: ToolResult, description: string | undefined): PromptResult {
  const { structuredContent } = result;
  const given = isRecord(structuredContent) ? structuredContent : {};
  const own = typeof given.description === 'string' ? given.description : description;
  return {
    ...(own === undefined ? {} : { description: own }),
    messages: Array.isArray(given.messages)
      ? given.messages.map(toMessage)
      : result.content.map((content) => ({ role: 'user', content })),
  };
}

function toMessage(message: unknown, index: number): PromptResult['messages'][number] {
  const { role, content } = isRecord(message) ? message : {};
  if (role === 'user' || role === 'assistant') {
    if (typeof content === 'string') return { role, content: { type: 'text', text: content } };
    if (isContentItem(content)) return { role, content };
  }
  throw new HandlerError(
    'HANDLER_OUTPUT_ERROR',
    `messages[${index}] needs a role of user or assistant and a content of text or one content item.`,
  );
}

function isContentItem(value: unknown): value is ContentItem {
  return isRecord(value) && typeof value.type === 'string';
}

function isRecord(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

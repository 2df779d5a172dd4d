// Content items of MCP as parts of a chat message.
import { HandlerError } from '../../errors.ts';
import type { ChatMessage, MessagePart } from '../../models/model.ts';
import type { ContentItem } from '../../tool.ts';
import type { PromptMessage } from './prompt-source.ts';

/** Throws HandlerError HANDLER_CONFIG_ERROR for an item that the chat completions API has no place for. */
export function toChatMessages(messages: readonly PromptMessage[]): readonly ChatMessage[] {
  return messages.map(({ role, content }) => {
    const part = toPart(content);
    return { role, content: part.type === 'text' ? part.text : [part] };
  });
}

function toPart(item: ContentItem): MessagePart {
  const text = textOf(item);
  if (text !== undefined) return { type: 'text', text };
  if (item.type === 'image' && typeof item.data === 'string' && typeof item.mimeType === 'string') {
    return { type: 'image', url: `data:${item.mimeType};base64,${item.data}` };
  }
  throw new HandlerError('HANDLER_CONFIG_ERROR', `A ${item.type} item cannot be sent to a model.`);
}

/** Text, or that of an embedded resource. */
function textOf({ type, text, resource }: ContentItem): string | undefined {
  if (type === 'text' && typeof text === 'string') return text;
  if (type !== 'resource' || typeof resource !== 'object' || resource === null) return undefined;
  return 'text' in resource && typeof resource.text === 'string' ? resource.text : undefined;
}

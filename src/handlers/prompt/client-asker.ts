// Asks the model of the client (MCP sampling), where the definition has none.
import { HandlerError } from '../../errors.ts';
import type { Call, JsonObject } from '../../tool.ts';
import type { Asker } from './asker.ts';

/** What a client is asked for when neither handler nor model says otherwise (spec servers §2.4). */
const DEFAULTS = { temperature: 0.7, maxTokens: 2000 };

/** Throws HandlerError HANDLER_EXECUTION_ERROR when the client cannot sample. */
export function createClientAsker(
  call: Call,
  given: { readonly temperature: number | undefined; readonly maxTokens: number | undefined },
): Asker {
  if (!call.client.supports('sampling/createMessage')) {
    throw new HandlerError(
      'HANDLER_EXECUTION_ERROR',
      'No model is configured, and the client offers none (sampling).',
    );
  }
  return {
    takesFormats: false,
    async ask({ messages }) {
      const system = messages.filter(({ role }) => role === 'system').map(({ content }) => content.text);
      const params = {
        messages: messages.filter(({ role }) => role !== 'system'),
        ...(system.length === 0 ? {} : { systemPrompt: system.join('\n\n') }),
        temperature: given.temperature ?? DEFAULTS.temperature,
        maxTokens: given.maxTokens ?? DEFAULTS.maxTokens,
      };
      const { answer } = await call.client.requestInput({
        answer: { method: 'sampling/createMessage', params },
      });
      return { text: textOf(answer), finishReason: answer?.stopReason === 'maxTokens' ? 'length' : 'stop' };
    },
  };
}

/** The texts of one content item or of several. */
function textOf(answer: JsonObject | undefined): string {
  const content = answer?.content;
  const items: readonly unknown[] = Array.isArray(content) ? content : [content];
  const texts = items.flatMap((item) =>
    typeof item === 'object' && item !== null && 'text' in item && typeof item.text === 'string'
      ? [item.text]
      : [],
  );
  const text = texts.join('\n');
  if (text.trim() === '')
    throw new HandlerError('HANDLER_OUTPUT_ERROR', 'The model of the client answered no text.');
  return text;
}

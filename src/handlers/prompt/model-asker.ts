// Asks a model of the definition, and tells the client how far the answer has come.
import { HandlerError } from '../../errors.ts';
import type { ChatModel } from '../../models/model.ts';
import type { Call } from '../../tool.ts';
import { createAnswerProgress } from './answer-progress.ts';
import type { Asker } from './asker.ts';
import { toChatMessages } from './chat-messages.ts';

export interface ModelAskerOptions {
  readonly temperature: number | undefined;
  readonly maxTokens: number | undefined;
  readonly maxTextBytes: number;
  /** Whether pieces of the answer mean something to a person. */
  readonly showsText: boolean;
  /** Milliseconds from now, over all questions of the call. */
  readonly timeoutMs: number;
  readonly now: () => number;
}

/** Throws ModelError from `ask`; HandlerError HANDLER_OUTPUT_ERROR where the model says nothing. */
export function createModelAsker(model: ChatModel, call: Call, options: ModelAskerOptions): Asker {
  const { temperature, maxTokens, maxTextBytes, now } = options;
  const endsAt = now() + options.timeoutMs;
  const progress = createAnswerProgress(call.client, options);
  return {
    takesFormats: true,
    async ask({ messages, format }) {
      const answer = await model.chat({
        messages: toChatMessages(messages),
        temperature,
        maxTokens,
        format,
        maxTextBytes,
        timeoutMs: endsAt - now(),
        signal: call.signal,
        trace: call.trace,
        ...(progress === undefined ? {} : { onText: progress.add }),
      });
      progress?.flush();
      if (answer.text.trim() === '')
        throw new HandlerError('HANDLER_OUTPUT_ERROR', 'The model answered nothing.');
      return answer;
    },
  };
}

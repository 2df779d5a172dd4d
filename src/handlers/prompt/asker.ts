// Who is asked: a model of the definition, or that of the client; the structured-output ladder knows no difference.
import type { AnswerFormat, Cost, Usage } from '../../models/model.ts';
import type { PromptMessage } from './prompt-source.ts';

export interface Question {
  readonly messages: readonly PromptMessage[];
  readonly format?: AnswerFormat;
}

export interface Reply {
  readonly text: string;
  readonly finishReason?: string | undefined;
  readonly usage?: Usage | undefined;
  readonly cost?: Cost | undefined;
}

/** Asks within one call. Throws HandlerError, and ModelError where the ladder may answer it. */
export interface Asker {
  ask(question: Question): Promise<Reply>;
  /** Whether it can be told the form of its answer other than in words. */
  readonly takesFormats: boolean;
}

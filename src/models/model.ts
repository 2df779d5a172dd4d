// What a model is to the parts that ask one: messages in, text out. Knows no wire format.
import type { CallTrace } from '../call-trace.ts';

/** One part of a message: text, or an image as `data:` URL. */
export type MessagePart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image'; readonly url: string };

/** Who says what, in the order of the conversation. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string | readonly MessagePart[];
}

/** How the endpoint is asked to shape its answer; free text when absent. */
export type AnswerFormat =
  | {
      readonly type: 'json_schema';
      readonly name: string;
      readonly schema: Readonly<Record<string, unknown>>;
    }
  | { readonly type: 'json_object' };

/** One question; `timeoutMs` covers every attempt and the whole answer. */
export interface ChatRequest {
  readonly messages: readonly ChatMessage[];
  /** Default: that of the model. */
  readonly temperature?: number | undefined;
  /** Default: those of the model. */
  readonly maxTokens?: number | undefined;
  readonly format?: AnswerFormat | undefined;
  readonly timeoutMs: number;
  /** Bytes of text; a longer answer is a failure and is not read further. */
  readonly maxTextBytes: number;
  readonly signal: AbortSignal;
  /** Called with each piece of the answer as it arrives. An answer of which a piece was handed on is not asked for again. */
  readonly onText?: (piece: string) => void;
  /** Of the call on whose behalf is asked. */
  readonly trace?: CallTrace | undefined;
}

/** Tokens as the endpoint counted them. */
export interface Usage {
  readonly inputTokens: number;
  /** Of `inputTokens`, those that the endpoint had cached. */
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
}

/** An amount in the currency of the model's prices. */
export interface Cost {
  readonly amount: number;
  readonly currency: string;
}

/** A whole answer. */
export interface ChatAnswer {
  readonly text: string;
  /** `length`: cut off at `maxTokens`. As the endpoint says it. */
  readonly finishReason: string | undefined;
  /** Absent where the endpoint does not count. */
  readonly usage: Usage | undefined;
  /** Absent without usage or prices. */
  readonly cost: Cost | undefined;
}

/** What is known of an endpoint. */
export interface ModelHealth {
  /**
   * Looks where the last sign of life is too old, or where it is down. Resolves when that is over, at once where nothing
   * is to be done; never rejects.
   */
  refresh(): Promise<void>;
  /** What is wrong with the endpoint, for the operator; undefined while nothing is known to be. */
  problem(): string | undefined;
}

/** A model behind an endpoint. */
export interface ChatModel {
  /** Name at the endpoint. */
  readonly model: string;
  /** What a question gets that says nothing else, in milliseconds. */
  readonly timeoutMs: number;
  readonly health: ModelHealth;
  /** Throws ModelError and nothing else. */
  chat(request: ChatRequest): Promise<ChatAnswer>;
}

/** What one question came to, failed ones included; for metrics. */
export interface ModelObservation {
  /** `openai` and its like for known hosts, else the host. */
  readonly provider: string;
  readonly model: string;
  readonly seconds: number;
  readonly usage?: Usage | undefined;
  readonly cost?: Cost | undefined;
}

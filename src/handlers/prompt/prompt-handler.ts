// Handler kind `prompt`: a prompt sent to a model, its answer as the result (spec servers §2.4).
import type { Prompt as PromptDefinition } from '../../definition/schema/content.ts';
import type { PromptHandler } from '../../definition/schema/handler.ts';
import { HandlerError } from '../../errors.ts';
import type { ChatModel } from '../../models/model.ts';
import { ModelError } from '../../models/model-error.ts';
import type { Models } from '../../models/models.ts';
import type { Call, JsonObject, ToolResult } from '../../tool.ts';
import type { HandlerContext, HandlerFactory } from '../handler.ts';
import { ArgumentRefusal, toRefusalResult } from '../http/argument-refusal.ts';
import { toDataResult } from '../result.ts';
import type { Asker, Reply } from './asker.ts';
import { createClientAsker } from './client-asker.ts';
import { createJsonAnswers, type JsonAnswers } from './json-answer.ts';
import { createModelAsker } from './model-asker.ts';
import { toHandlerError } from './model-failure.ts';
import { createPromptSource, type PromptMessage, type PromptSource } from './prompt-source.ts';

export interface PromptHandlerDeps {
  readonly models: Models;
  /** Of the definition; `prompt` names one. */
  readonly prompts: readonly PromptDefinition[];
  /** Prepares the check of a value: what is wrong with it, in words, or undefined. */
  readonly compileOutput: (outputSchema: JsonObject) => (value: unknown) => string | undefined;
  /** Bytes of an answer's text. */
  readonly maxResultBytes: number;
  /** Takes secrets out of text that a caller will see. */
  readonly redactText: (text: string) => string;
  /** Milliseconds; default the system's clock. */
  readonly now?: () => number;
}

/** Where there is no model, a client's person may have to be asked first: as long as a model gets. */
const WITHOUT_MODEL_TIMEOUT_MS = 60_000;

/** Makes the factory of `prompt` handlers; templates are compiled when a handler is prepared. */
export function createPromptHandler(deps: PromptHandlerDeps): HandlerFactory<PromptHandler> {
  return async (handler, context) => {
    const model = deps.models.find(handler.model);
    const source = await createPromptSource(handler, context, deps.prompts);
    const timeoutMs = handler.timeout ?? model?.timeoutMs ?? WITHOUT_MODEL_TIMEOUT_MS;
    const prepared: Prepared = {
      handler,
      source,
      model,
      json: handler.output === 'json' ? prepareJson(context, deps) : undefined,
      timeoutMs: context.toolTimeoutMs ?? timeoutMs,
      maxTextBytes: deps.maxResultBytes,
      redact: deps.redactText,
      now: deps.now ?? Date.now,
    };
    return {
      run: (call) => run(prepared, call),
      timeoutMs,
      files: source.files,
      annotations: { readOnlyHint: true, openWorldHint: true },
    };
  };
}

/** Everything about one handler that holds for all its calls. */
interface Prepared {
  readonly handler: PromptHandler;
  readonly source: PromptSource;
  readonly model: ChatModel | undefined;
  /** Present with `output: json`. */
  readonly json: JsonAnswers | undefined;
  readonly timeoutMs: number;
  readonly maxTextBytes: number;
  readonly redact: (text: string) => string;
  readonly now: () => number;
}

function prepareJson({ toolName, outputSchema }: HandlerContext, deps: PromptHandlerDeps): JsonAnswers {
  const problemOf = outputSchema === undefined ? () => undefined : deps.compileOutput(outputSchema);
  return createJsonAnswers({ toolName, outputSchema, problemOf });
}

async function run(prepared: Prepared, call: Call): Promise<ToolResult> {
  try {
    const messages = await prepared.source.render(call);
    if (prepared.model === undefined && prepared.handler.withoutModel === 'return_prompt') {
      return returnPrompt(messages);
    }
    return await answer(prepared, askerFor(prepared, call), messages);
  } catch (error) {
    if (error instanceof ArgumentRefusal) return toRefusalResult(error, prepared.redact);
    throw error instanceof ModelError ? toHandlerError(error, call.signal) : error;
  }
}

function askerFor(prepared: Prepared, call: Call): Asker {
  const { handler, model } = prepared;
  const { temperature, maxTokens } = handler;
  if (model !== undefined) {
    const showsText = handler.output === 'text';
    return createModelAsker(model, call, { ...prepared, temperature, maxTokens, showsText });
  }
  if (handler.withoutModel === 'sampling') return createClientAsker(call, { temperature, maxTokens });
  throw configError('No model is configured.');
}

async function answer(
  { json, model }: Prepared,
  asker: Asker,
  messages: readonly PromptMessage[],
): Promise<ToolResult> {
  if (json !== undefined) {
    const { value, replies } = await json.get(asker, messages);
    return { ...toDataResult(value), ...aboutModel(model, replies) };
  }
  const reply = await asker.ask({ messages });
  return { content: [{ type: 'text', text: reply.text }], ...aboutModel(model, [reply]) };
}

/** What the answer took, for whoever pays for it. A repair adds its own tokens. */
function aboutModel(model: ChatModel | undefined, replies: readonly Reply[]): Pick<ToolResult, '_meta'> {
  if (model === undefined) return {};
  const usages = replies.flatMap(({ usage }) => usage ?? []);
  const costs = replies.flatMap(({ cost }) => cost ?? []);
  const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
  const [cost] = costs;
  const finishReason = replies.at(-1)?.finishReason;
  return {
    _meta: {
      'quayside/model': {
        model: model.model,
        ...(finishReason === undefined ? {} : { finishReason }),
        ...(usages.length === 0
          ? {}
          : {
              inputTokens: sum(usages.map(({ inputTokens }) => inputTokens)),
              outputTokens: sum(usages.map(({ outputTokens }) => outputTokens)),
            }),
        ...(cost === undefined
          ? {}
          : { cost: sum(costs.map(({ amount }) => amount)), currency: cost.currency }),
      },
    },
  };
}

/** The messages as they would have been sent, one content item each; the client's own model can go on from here. */
function returnPrompt(messages: readonly PromptMessage[]): ToolResult {
  return {
    content: messages.map(({ content }) => content),
    _meta: { 'quayside/prompt': { roles: messages.map(({ role }) => role) } },
  };
}

function configError(text: string): HandlerError {
  return new HandlerError('HANDLER_CONFIG_ERROR', text);
}

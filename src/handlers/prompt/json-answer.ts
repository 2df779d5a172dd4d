// A checked JSON value from a model: a format that the endpoint enforces where it can, words where it cannot,
// and one chance to mend what does not fit.
import { HandlerError } from '../../errors.ts';
import type { AnswerFormat } from '../../models/model.ts';
import { ModelError } from '../../models/model-error.ts';
import type { JsonObject } from '../../tool.ts';
import type { Asker, Reply } from './asker.ts';
import { parseJsonText } from './json-text.ts';
import type { PromptMessage } from './prompt-source.ts';

/** From the strictest form to none; an endpoint that refuses one is asked with the next. */
type Rung = 'json_schema' | 'json_object' | 'instruction';

export interface JsonOptions {
  readonly toolName: string;
  readonly outputSchema: JsonObject | undefined;
  /** What is wrong with a value, in words; undefined when it fits. */
  readonly problemOf: (value: unknown) => string | undefined;
}

/** Gets JSON answers for one tool and remembers what its endpoint refused. */
export interface JsonAnswers {
  /** Throws HandlerError HANDLER_OUTPUT_ERROR when the mended answer does not fit either, and what `asker` throws. */
  get(asker: Asker, messages: readonly PromptMessage[]): Promise<JsonReply>;
}

export interface JsonReply {
  readonly value: unknown;
  /** All answers that it took. */
  readonly replies: readonly Reply[];
}

/** Made once per tool. */
export function createJsonAnswers(options: JsonOptions): JsonAnswers {
  let rungs: readonly Rung[] =
    options.outputSchema === undefined
      ? ['json_object', 'instruction']
      : ['json_schema', 'json_object', 'instruction'];

  /** Asks on the highest rung that the endpoint does not refuse. */
  async function askOnLadder(asker: Asker, messages: readonly PromptMessage[]): Promise<Reply> {
    const open = asker.takesFormats ? rungs : rungs.slice(-1);
    for (const [index, rung] of open.entries()) {
      try {
        const reply = await asker.ask(questionOn(rung, messages, options));
        // Only now: what was refused on every rung was not refused for its format.
        if (asker.takesFormats && index > 0) rungs = open.slice(index);
        return reply;
      } catch (error) {
        const mayBeFormat =
          error instanceof ModelError && error.failure === 'rejected' && (error.status ?? 0) >= 400;
        if (!mayBeFormat || index === open.length - 1) throw error;
      }
    }
    throw new Error('the ladder has no rung');
  }

  return {
    async get(asker, messages) {
      const first = await askOnLadder(asker, messages);
      const judged = judge(first, options);
      if ('value' in judged) return { value: judged.value, replies: [first] };
      const second = await askOnLadder(asker, [...messages, ...repairOf(first, judged.problem)]);
      const mended = judge(second, options);
      if ('value' in mended) return { value: mended.value, replies: [first, second] };
      throw new HandlerError(
        'HANDLER_OUTPUT_ERROR',
        `The model gave no usable JSON in two answers. ${mended.problem}`,
      );
    },
  };
}

function questionOn(rung: Rung, messages: readonly PromptMessage[], options: JsonOptions) {
  const format = formatOn(rung, options);
  // What the endpoint enforces needs no words, except that some refuse json_object without the word JSON.
  const told = rung === 'json_schema' ? messages : [instruction(options.outputSchema), ...messages];
  return { messages: told, ...(format === undefined ? {} : { format }) };
}

function formatOn(rung: Rung, { toolName, outputSchema }: JsonOptions): AnswerFormat | undefined {
  if (rung === 'instruction') return undefined;
  if (rung === 'json_object' || outputSchema === undefined) return { type: 'json_object' };
  // The API admits these characters and 64 of them.
  const name = toolName.replaceAll(/[^A-Za-z0-9_-]/g, '_').slice(0, 64);
  return { type: 'json_schema', name, schema: outputSchema };
}

function instruction(outputSchema: JsonObject | undefined): PromptMessage {
  const form = 'Answer with one JSON value and nothing else: no explanation and no code fence.';
  const schema =
    outputSchema === undefined ? '' : `\nIt must fit this JSON Schema:\n${JSON.stringify(outputSchema)}`;
  return { role: 'system', content: { type: 'text', text: form + schema } };
}

function judge(
  reply: Reply,
  { problemOf }: JsonOptions,
): { readonly value: unknown } | { readonly problem: string } {
  const parsed = parseJsonText(reply.text);
  if ('problem' in parsed) {
    if (reply.finishReason !== 'length') return parsed;
    throw new HandlerError('HANDLER_OUTPUT_ERROR', 'The answer was cut off at maxTokens; raise it.');
  }
  const problem = problemOf(parsed.value);
  return problem === undefined ? parsed : { problem };
}

/** Characters of a bad answer that the model is shown again; a longer one would fill its context. */
const REPEATED_CHARACTERS = 16_384;
/** Characters of the complaint. */
const PROBLEM_CHARACTERS = 2000;

function repairOf(bad: Reply, problem: string): readonly PromptMessage[] {
  const complaint = `${problem.slice(0, PROBLEM_CHARACTERS)}\nAnswer again with the corrected JSON value alone.`;
  return [
    { role: 'assistant', content: { type: 'text', text: bad.text.slice(0, REPEATED_CHARACTERS) } },
    { role: 'user', content: { type: 'text', text: complaint } },
  ];
}

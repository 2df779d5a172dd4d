// The body of an endpoint's answer, as a stream of events or as one document, into the text that it brings.
import { createParser } from 'eventsource-parser';
import type { EgressStream } from '../egress/egress.ts';
import { type CompletionPart, parseCompletionPart } from './completion.ts';
import type { ChatAnswer, ChatRequest } from './model.ts';
import { ModelError } from './model-error.ts';

/** An answer before its cost is known. */
export type ReadAnswer = Omit<ChatAnswer, 'cost'>;

/** Throws ModelError; EgressError passes. */
export async function readAnswer(
  response: EgressStream,
  request: Pick<ChatRequest, 'maxTextBytes' | 'onText'>,
): Promise<ReadAnswer> {
  const gathered = gather(request);
  const isStream = /^text\/event-stream\b/i.test(response.headers['content-type'] ?? '');
  if (isStream) await readEvents(response.body, gathered.add);
  else gathered.add(parseCompletionPart(await readText(response.body)));
  return gathered.answer();
}

function gather({ maxTextBytes, onText }: Pick<ChatRequest, 'maxTextBytes' | 'onText'>) {
  const pieces: string[] = [];
  let bytes = 0;
  let finishReason: string | undefined;
  let usage: ReadAnswer['usage'];
  return {
    /** Whether the answer is at its end as far as the model is concerned. */
    add(part: CompletionPart): boolean {
      bytes += Buffer.byteLength(part.text);
      if (bytes > maxTextBytes) {
        throw new ModelError('too_large', `The answer of the model is larger than ${maxTextBytes} bytes.`);
      }
      finishReason = part.finishReason ?? finishReason;
      usage = part.usage ?? usage;
      if (part.text !== '') {
        pieces.push(part.text);
        onText?.(part.text);
      }
      return finishReason !== undefined;
    },
    answer: (): ReadAnswer => ({ text: pieces.join(''), finishReason, usage }),
  };
}

/** The mark after the last event; some endpoints leave it out, but none leaves out a reason for the end as well. */
const DONE = '[DONE]';

async function readEvents(
  body: AsyncIterable<Buffer>,
  add: (part: CompletionPart) => boolean,
): Promise<void> {
  let isMarked = false;
  let isFinished = false;
  const parser = createParser({
    onEvent({ data }) {
      if (isMarked) return;
      if (data.trim() === DONE) isMarked = true;
      else isFinished = add(parseCompletionPart(data));
    },
  });
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    if (isMarked) return;
  }
  if (!isFinished) throw new ModelError('truncated', 'The answer of the model ended before it was complete.');
}

async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

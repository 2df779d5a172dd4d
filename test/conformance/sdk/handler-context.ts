// What the fixtures' handlers work with, made of the official SDK's: questions end a modern call, and are requests of
// their own in a legacy one.
import {
  CLIENT_CAPABILITIES_META_KEY,
  type CreateMessageRequest,
  type InputRequiredResult,
  inputRequired,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { Answer, Context } from '../handlers/context.ts';

type Requests = Parameters<Context['requestInput']>[0];

/** What the SDK's server does beside the call itself. */
export interface HandlerHost {
  readonly era: 'legacy' | 'modern';
  readonly changed: (kind: 'tools' | 'prompts' | 'resources') => void;
  /** Seals the answers of earlier rounds, which come back with the next one. */
  readonly seal: (answers: Readonly<Record<string, Answer>>) => Promise<string>;
}

/** Thrown where a modern client has to be asked first. */
class Unanswered extends Error {
  readonly requests: Requests;
  readonly earlier: Readonly<Record<string, Answer>>;

  constructor(requests: Requests, earlier: Readonly<Record<string, Answer>>) {
    super('The client has to answer first.');
    this.requests = requests;
    this.earlier = earlier;
  }
}

/** Runs a handler; a round that it ends becomes the result that asks for input. */
export async function runHandler<Result>(
  host: HandlerHost,
  server: ServerContext,
  run: (context: Context) => Result | Promise<Result>,
): Promise<Result | InputRequiredResult> {
  try {
    return await run(contextOf(host, server));
  } catch (error) {
    if (!(error instanceof Unanswered)) throw error;
    const { requests, earlier } = error;
    return inputRequired({
      inputRequests: Object.fromEntries(
        Object.entries(requests).map(([key, { method, params }]) => [key, inputRequestOf(method, params)]),
      ),
      requestState: await host.seal(earlier),
    });
  }
}

function contextOf({ era, changed }: HandlerHost, server: ServerContext): Context {
  const { mcpReq, http } = server;
  // The types of the envelope leave its keys out.
  const envelope = mcpReq.envelope as Readonly<Record<string, { readonly sampling?: unknown }>> | undefined;
  const declared = envelope?.[CLIENT_CAPABILITIES_META_KEY];
  const progressToken = mcpReq._meta?.progressToken;
  return {
    logger: { info: (message) => void mcpReq.log('info', message) },
    ...(progressToken === undefined
      ? {}
      : {
          reportProgress: (progress, total, message) =>
            void mcpReq.notify({
              method: 'notifications/progress',
              params: { progressToken, progress, total, message },
            }),
        }),
    requestInput: (requests) => (era === 'modern' ? answersIn(server, requests) : askNow(server, requests)),
    ...(declared?.sampling === undefined ? {} : { sample: true }),
    notify: ({ kind }) => changed(kind),
    closeStream: () => http?.closeSSE?.(),
  };
}

/** The answers that came with this round or an earlier one. */
async function answersIn(server: ServerContext, requests: Requests): Promise<Record<string, Answer>> {
  const { inputResponses, requestState } = server.mcpReq;
  const earlier = requestState<{ readonly answers: Record<string, Answer> }>()?.answers ?? {};
  const known: Record<string, unknown> = { ...earlier, ...inputResponses };
  const answers = Object.keys(requests).flatMap((key) =>
    isAnswer(known[key]) ? [[key, known[key]] as const] : [],
  );
  if (answers.length < Object.keys(requests).length)
    throw new Unanswered(requests, Object.fromEntries(Object.entries(known).filter(isAnswerEntry)));
  return Object.fromEntries(answers);
}

async function askNow({ mcpReq }: ServerContext, requests: Requests): Promise<Record<string, Answer>> {
  const answers: Record<string, Answer> = {};
  for (const [key, { method, params }] of Object.entries(requests))
    answers[key] = await mcpReq.send({ method, params: params ?? {} });
  return answers;
}

function inputRequestOf(method: string, params: Readonly<Record<string, unknown>> = {}) {
  if (method === 'roots/list') return inputRequired.listRoots();
  if (method === 'sampling/createMessage')
    return inputRequired.createMessage(params as CreateMessageRequest['params']);
  return inputRequired.elicit(params as Parameters<typeof inputRequired.elicit>[0]);
}

function isAnswer(value: unknown): value is Answer {
  return typeof value === 'object' && value !== null;
}

function isAnswerEntry(entry: readonly [string, unknown]): entry is [string, Answer] {
  return isAnswer(entry[1]);
}

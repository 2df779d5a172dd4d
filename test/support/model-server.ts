// A scripted stand-in for an OpenAI-compatible chat completions endpoint, with its faults.
import type { ServerResponse } from 'node:http';
import { type LocalServer, startLocalServer } from '../http-handler/local-server.ts';

/** The key that the endpoint accepts. */
export const MODEL_KEY = 'sk-test-9f8e7d6c5b4a39281706f5e4d3c2b1a0';

/** A request body as the API has it. */
export interface ModelRequest {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: unknown }[];
  readonly temperature?: number;
  readonly max_tokens?: number;
  readonly max_completion_tokens?: number;
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly response_format?: {
    readonly type: string;
    readonly json_schema?: { readonly name: string; readonly strict: boolean; readonly schema: unknown };
  };
}

/** How one request is answered. */
export type Turn = (request: ModelRequest, response: ServerResponse) => void;

export interface ModelServer {
  /** What `baseUrl` of a model is set to. */
  readonly baseUrl: string;
  readonly requests: readonly ModelRequest[];
  /** Requests that the other side ended before they were answered. */
  readonly abandoned: () => number;
  /** Answers the next requests in this order; after them everything is answered with `says('ok')`. */
  script(...turns: readonly Turn[]): void;
  close(): Promise<void>;
}

export async function startModelServer(): Promise<ModelServer> {
  const requests: ModelRequest[] = [];
  let turns: Turn[] = [];
  let abandoned = 0;
  const server: LocalServer = await startLocalServer((seen, response) => {
    response.on('close', () => {
      if (!response.writableFinished) abandoned++;
    });
    if (seen.method !== 'POST' || seen.target !== '/v1/chat/completions') return fails(404)(NONE, response);
    if (seen.headers.authorization !== `Bearer ${MODEL_KEY}`)
      return wrongKey(seen.headers.authorization, response);
    const request: ModelRequest = JSON.parse(seen.body);
    requests.push(request);
    const turn = turns.shift() ?? says('ok');
    turn(request, response);
  });
  return {
    baseUrl: `${server.url}/v1`,
    requests,
    abandoned: () => abandoned,
    script(...given) {
      turns = [...given];
      requests.length = 0;
    },
    close: () => server.close(),
  };
}

const NONE: ModelRequest = { model: '', messages: [] };
const USAGE = { prompt_tokens: 11, completion_tokens: 7, prompt_tokens_details: { cached_tokens: 4 } };

/** As the API does, with the key in the text, which nobody may see. */
function wrongKey(given: string | undefined, response: ServerResponse): void {
  const message = `Incorrect API key provided: ${given}.`;
  sendJson(response, 401, { error: { message, type: 'invalid_request_error', code: 'invalid_api_key' } });
}

function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

const event = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
const chunk = (choice: unknown, more: object = {}) =>
  event({ object: 'chat.completion.chunk', choices: [choice], ...more });

interface Saying {
  readonly finishReason?: string;
  /** Without a count of tokens, as some endpoints answer. */
  readonly withoutUsage?: true;
}

/** The whole answer: streamed in pieces of three characters where the request asks for it, else one document. */
export function says(text: string, { finishReason = 'stop', withoutUsage }: Saying = {}): Turn {
  return (request, response) => {
    const usage = withoutUsage === true ? {} : { usage: USAGE };
    if (request.stream !== true) {
      const choices = [{ message: { role: 'assistant', content: text }, finish_reason: finishReason }];
      sendJson(response, 200, { object: 'chat.completion', choices, ...usage });
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    response.write(': a comment, as some endpoints send to keep the connection\n\n');
    response.write(chunk({ delta: { role: 'assistant', content: '' } }));
    for (const piece of text.match(/[\s\S]{1,3}/g) ?? [])
      response.write(chunk({ delta: { content: piece } }));
    response.write(chunk({ delta: {}, finish_reason: finishReason }));
    if (request.stream_options?.include_usage === true) response.write(event({ choices: [], ...usage }));
    response.end('data: [DONE]\n\n');
  };
}

/** Sends one piece every `everyMs` milliseconds. */
export function saysSlowly(pieces: readonly string[], everyMs: number): Turn {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const left = [...pieces];
    const timer = setInterval(() => {
      const piece = left.shift();
      if (piece !== undefined) response.write(chunk({ delta: { content: piece } }));
      else response.end(`${chunk({ delta: {}, finish_reason: 'stop' })}data: [DONE]\n\n`);
    }, everyMs);
    response.on('close', () => clearInterval(timer));
  };
}

export function fails(status: number, message = 'No.', headers: Readonly<Record<string, string>> = {}): Turn {
  return (_request, response) => sendJson(response, status, { error: { message } }, headers);
}

/** The stream ends in the middle: cleanly, or with its connection. */
export function breaksOff(text: string, how: 'cleanly' | 'with its connection'): Turn {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(chunk({ delta: { content: text } }), () => {
      if (how === 'cleanly') response.end();
      else response.destroy();
    });
  };
}

/** An error in the middle of a stream that began well. */
export const failsInStream: Turn = (_request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.end(event({ error: { message: 'The server is overloaded.' } }));
};

/** Takes the request and never answers. */
export const hangs: Turn = () => undefined;

/** Answers 200 with this body. */
export function sends(contentType: string, body: string): Turn {
  return (_request, response) => void response.writeHead(200, { 'content-type': contentType }).end(body);
}

/** An answer without an end. */
export const neverEnds: Turn = (_request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const piece = chunk({ delta: { content: 'x'.repeat(10_000) } });
  const more = () => {
    while (!response.destroyed && response.write(piece));
  };
  response.on('drain', more);
  more();
};

/** Refuses a request that has this member, as endpoints do that do not know it. */
export function refusesMember(member: keyof ModelRequest, message: string, otherwise: Turn): Turn {
  return (request, response) =>
    request[member] === undefined ? otherwise(request, response) : fails(400, message)(request, response);
}

// A scripted stand-in for an OpenAI-compatible embeddings endpoint, with its faults. Its vectors are counts of the words
// of a small vocabulary in which words of one meaning have one place, so what is near to what is known.
import type { ServerResponse } from 'node:http';
import { type LocalServer, startLocalServer } from '../http-handler/local-server.ts';

/** The key that the endpoint accepts. */
export const EMBEDDING_KEY = 'sk-embed-1a2b3c4d5e6f70819203a4b5c6d7e8f9';

/** A request body as the API has it. */
export interface EmbeddingBody {
  readonly model: string;
  readonly input: readonly string[];
  readonly dimensions?: number;
}

/** How one request is answered. */
export type EmbeddingTurn = (body: EmbeddingBody, response: ServerResponse) => void;

export interface EmbeddingServer {
  readonly baseUrl: string;
  /** Every text that was sent, questions too. */
  readonly texts: () => readonly string[];
  readonly requests: readonly EmbeddingBody[];
  /** How every request is answered from now on; default {@link vectors}. */
  answer(turn: EmbeddingTurn): void;
  close(): Promise<void>;
}

/** Words of one line mean the same. */
const MEANINGS = [
  ['fetch', 'download', 'retrieve'],
  ['delete', 'remove', 'erase'],
  ['invoice', 'bill', 'receipt'],
  ['password', 'secret', 'credential'],
  ['wait', 'sleep', 'pause'],
];

/** A vector of one text. The last component is never 0, so every text has a direction. */
export function vectorOf(text: string): readonly number[] {
  const words = text.toLowerCase().match(/[a-z]+/g) ?? [];
  return [...MEANINGS.map((same) => words.filter((word) => same.includes(word)).length), 0.05];
}

export async function startEmbeddingServer(): Promise<EmbeddingServer> {
  const requests: EmbeddingBody[] = [];
  let turn: EmbeddingTurn = vectors;
  const server: LocalServer = await startLocalServer((seen, response) => {
    if (seen.method !== 'POST' || seen.target !== '/v1/embeddings') return status(404)(NONE, response);
    if (seen.headers.authorization !== `Bearer ${EMBEDDING_KEY}`)
      return send(response, 401, { error: { message: `Incorrect API key: ${seen.headers.authorization}` } });
    const body: EmbeddingBody = JSON.parse(seen.body);
    requests.push(body);
    turn(body, response);
  });
  return {
    baseUrl: `${server.url}/v1`,
    requests,
    texts: () => requests.flatMap(({ input }) => input),
    answer(next) {
      turn = next;
    },
    close: () => server.close(),
  };
}

const NONE: EmbeddingBody = { model: '', input: [] };

/** As the API answers, but with the vectors in the opposite order, which `index` says. */
export const vectors: EmbeddingTurn = ({ input }, response) => {
  const data = input.map((text, index) => ({ object: 'embedding', index, embedding: vectorOf(text) }));
  send(response, 200, { object: 'list', data: data.reverse(), usage: { prompt_tokens: 7, total_tokens: 7 } });
};

/** Vectors with so many components more. */
export function wider(by: number): EmbeddingTurn {
  return ({ input }, response) => {
    const more = new Array<number>(by).fill(0.01);
    const data = input.map((text, index) => ({ index, embedding: [...vectorOf(text), ...more] }));
    send(response, 200, { data });
  };
}

/** An error of the API. */
export function status(code: number, headers: Readonly<Record<string, string>> = {}): EmbeddingTurn {
  return (_body, response) => send(response, code, { error: { message: `status ${code}` } }, headers);
}

/** A body that is no answer. */
export function garbage(body: string): EmbeddingTurn {
  return (_body, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  };
}

/** Never answers. */
export const silence: EmbeddingTurn = () => undefined;

/** Refuses a request that holds a text with this word, whatever else it holds. */
export function refusing(word: string): EmbeddingTurn {
  return (body, response) =>
    body.input.some((text) => text.includes(word)) ? status(400)(body, response) : vectors(body, response);
}

function send(
  response: ServerResponse,
  code: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

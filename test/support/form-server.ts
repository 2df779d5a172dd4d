// A server that takes forms as strictly as browsers write them: it parses each by the platform's own `Request.formData`.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A value of a field; of a file its name, type and bytes. */
export type FormValue = string | { readonly filename: string; readonly type: string; readonly bytes: Buffer };

export interface ReceivedForm {
  readonly target: string;
  readonly contentType: string;
  /** Names and values in the order in which they came; of other kinds of parts, those that have names. */
  readonly fields: readonly (readonly [name: string, value: FormValue])[];
  /** The body as it came; where it is no form, `fields` is empty. */
  readonly body: Buffer;
}

export interface FormServer {
  readonly url: string;
  readonly received: readonly ReceivedForm[];
  close(): Promise<void>;
}

/** Answers 400 with the reason for a form that cannot be parsed. */
export async function startFormServer(): Promise<FormServer> {
  const received: ReceivedForm[] = [];
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    const contentType = request.headers['content-type'] ?? '';
    try {
      const fields = isForm(contentType) ? await parseForm(body, contentType) : [];
      received.push({ target: request.url ?? '', contentType, fields, body });
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}');
    } catch (error) {
      response.writeHead(400, { 'content-type': 'text/plain' }).end(String(error));
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function isForm(contentType: string): boolean {
  return /^(?:multipart\/[\w-]+|application\/x-www-form-urlencoded)\b/.test(contentType);
}

async function parseForm(body: Buffer, contentType: string): Promise<ReceivedForm['fields']> {
  // Other kinds of parts are framed as those of forms are, and the parser knows only those.
  const framing = contentType.replace(/^multipart\/[\w-]+/, 'multipart/form-data');
  const init = { method: 'POST', headers: { 'content-type': framing }, body };
  const form = await new Request('http://form.invalid', init).formData();
  return Promise.all([...form].map(async ([name, value]) => [name, await readValue(value)] as const));
}

async function readValue(value: string | File): Promise<FormValue> {
  if (typeof value === 'string') return value;
  return { filename: value.name, type: value.type, bytes: Buffer.from(await value.arrayBuffer()) };
}

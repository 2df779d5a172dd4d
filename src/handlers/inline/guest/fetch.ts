// Runs inside the isolate; sent there as text (see guest-source.ts), so it uses nothing but what that file lists.
// A small `fetch`: the isolate has no streams, and a response is there as a whole.
import type { FetchAsk } from '../../workers/messages.ts';

export interface GuestFetchAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly url: string;
}

type Perform = (
  ask: Omit<FetchAsk, 'body'>,
  body: Uint8Array | undefined,
) => Promise<{ readonly answer: GuestFetchAnswer; readonly body: Uint8Array }>;

interface GuestFetchInit {
  readonly method?: unknown;
  readonly headers?: unknown;
  readonly body?: unknown;
  readonly redirect?: unknown;
}

/** `context.fetch`; takes method, headers, body (text, bytes, URLSearchParams) and redirect. */
export function createGuestFetch(perform: Perform) {
  return async (input: unknown, init: GuestFetchInit = {}) => {
    const headers = toFields(init.headers);
    const { bytes, type } = toBody(init.body);
    if (type !== undefined) headers['content-type'] ??= type;
    const { answer, body } = await perform(
      {
        url: String(input),
        method: String(init.method ?? 'GET').toUpperCase(),
        headers,
        followRedirects: init.redirect === undefined || init.redirect === 'follow',
      },
      bytes,
    );
    return toResponse(answer, body);
  };
}

function toFields(headers: unknown): Record<string, string> {
  if (headers === undefined || headers === null) return {};
  const entries =
    Symbol.iterator in Object(headers) ? [...(headers as Iterable<unknown>)] : Object.entries(headers);
  return Object.fromEntries(
    entries.map((entry) => {
      const [name, value] = entry as readonly unknown[];
      return [String(name).toLowerCase(), String(value)];
    }),
  );
}

function toBody(body: unknown): {
  readonly bytes: Uint8Array | undefined;
  readonly type: string | undefined;
} {
  if (body === undefined || body === null) return { bytes: undefined, type: undefined };
  if (body instanceof Uint8Array) return { bytes: body, type: undefined };
  if (body instanceof ArrayBuffer) return { bytes: new Uint8Array(body), type: undefined };
  const isForm = body instanceof URLSearchParams;
  const type = isForm ? 'application/x-www-form-urlencoded;charset=UTF-8' : 'text/plain;charset=UTF-8';
  return { bytes: new TextEncoder().encode(String(body)), type };
}

function toResponse({ status, headers, url }: GuestFetchAnswer, body: Uint8Array) {
  const text = async () => new TextDecoder().decode(body);
  return {
    status,
    ok: status >= 200 && status < 300,
    url,
    headers: {
      get: (name: unknown) => headers[String(name).toLowerCase()] ?? null,
      has: (name: unknown) => Object.hasOwn(headers, String(name).toLowerCase()),
      entries: () => Object.entries(headers)[Symbol.iterator](),
      [Symbol.iterator]: () => Object.entries(headers)[Symbol.iterator](),
    },
    text,
    json: async () => JSON.parse(await text()),
    bytes: async () => body,
    arrayBuffer: async () => body.slice().buffer,
  };
}

/** For guest-source.ts. */
export const FETCH_PARTS = [createGuestFetch, toFields, toBody, toResponse] as const;

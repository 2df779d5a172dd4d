// A small HTTP API on this machine for the sample HTTP tools to fetch from: weather and exchange rates.
// Runs inside the server that serves the example, or alone: node examples/local-api/local-api.ts [port]
import { createServer, type ServerResponse } from 'node:http';
import { CITIES, findCity } from './cities.ts';
import { rateBetween, UNITS_PER_EURO } from './rates.ts';
import { parseDate, weatherOn } from './weather.ts';

export interface LocalApi {
  /** Without a trailing slash, such as `http://127.0.0.1:3900`. */
  readonly url: string;
  close(): Promise<void>;
}

/** Where the example definition looks for the API. */
export const LOCAL_API_PORT = 3900;

/** Without `date` the answer is that of this day: the same today and tomorrow. */
const DEFAULT_DATE = '2026-06-01';

/**
 * Starts the API on loopback. `port` 0 takes a free one; default {@link LOCAL_API_PORT}.
 * Rejects with the system's error when the port is taken.
 */
export async function startLocalApi(options: { readonly port?: number } = {}): Promise<LocalApi> {
  const server = createServer((request, response) => {
    request.resume();
    const { status, body } = answer(request.method ?? '', request.url ?? '');
    send(response, status, body, request.method === 'HEAD');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? LOCAL_API_PORT, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

type Route = (query: URLSearchParams) => Answer;

const ROUTES: Readonly<Record<string, Route>> = {
  '/': () => ok({ name: 'Quayside sample API', routes: Object.keys(ROUTES).slice(1) }),
  '/v1/cities': () =>
    ok({ cities: CITIES.map(({ name, country, currency }) => ({ name, country, currency })) }),
  '/v1/weather': weather,
  '/v1/rates': rates,
  '/v1/convert': convert,
};

function answer(method: string, target: string): Answer {
  const url = URL.parse(target, 'http://localhost');
  if (url === null) return failure(400, 'The request target is not a URL.');
  if (method !== 'GET' && method !== 'HEAD') return failure(405, 'This API only answers GET and HEAD.');
  const route = Object.hasOwn(ROUTES, url.pathname) ? ROUTES[url.pathname] : undefined;
  return route === undefined
    ? failure(404, 'There is no such route; GET / lists them.')
    : route(url.searchParams);
}

function weather(query: URLSearchParams): Answer {
  const name = query.get('city') ?? '';
  const city = findCity(name);
  if (city === undefined) return failure(404, `The city ${JSON.stringify(name.slice(0, 100))} is not known.`);
  const date = parseDate(query.get('date') ?? DEFAULT_DATE);
  if (date === undefined) return failure(400, 'date is not a calendar date such as 2026-06-01.');
  return ok(weatherOn(city, date));
}

function rates(query: URLSearchParams): Answer {
  const base = (query.get('base') ?? 'EUR').toUpperCase();
  if (rateBetween(base, 'EUR') === undefined) return unknownCurrency();
  const entries = Object.keys(UNITS_PER_EURO).map((code) => [code, rateBetween(base, code)]);
  return ok({ base, rates: Object.fromEntries(entries) });
}

function convert(query: URLSearchParams): Answer {
  const from = (query.get('from') ?? '').toUpperCase();
  const to = (query.get('to') ?? '').toUpperCase();
  const amount = Number(query.get('amount') ?? '1');
  const rate = rateBetween(from, to);
  if (rate === undefined) return unknownCurrency();
  if (!Number.isFinite(amount)) return failure(400, 'amount is not a number.');
  return ok({ from, to, amount, rate, result: Math.round(amount * rate * 100) / 100 });
}

function ok(body: unknown): Answer {
  return { status: 200, body };
}

function failure(status: number, message: string): Answer {
  return { status, body: { error: { status, message } } };
}

function unknownCurrency(): Answer {
  return failure(404, `Currencies are: ${Object.keys(UNITS_PER_EURO).join(', ')}.`);
}

function send(response: ServerResponse, status: number, body: unknown, headOnly: boolean): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': bytes.length,
  });
  response.end(headOnly ? undefined : bytes);
}

if (import.meta.main) {
  const api = await startLocalApi({ port: Number(process.argv[2] ?? LOCAL_API_PORT) });
  process.stdout.write(`${api.url}\n`);
}

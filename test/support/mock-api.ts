// A mock of an API made from its own description (Prism): it refuses every request that the description does not allow.
import { readFileSync } from 'node:fs';
import { getHttpOperationsFromSpec } from '@stoplight/prism-http';
import { createServer } from '@stoplight/prism-http-server';
import { type Logger, pino } from 'pino';

export interface MockApi {
  readonly url: string;
  close(): Promise<void>;
}

/** `document` is the path of the description. */
export async function startMockApi(document: string): Promise<MockApi> {
  const operations = await getHttpOperationsFromSpec(readDescription(document));
  // It writes at levels of its own.
  const logger = pino({ level: 'silent', customLevels: { note: 31, success: 32, start: 33 } });
  const server = createServer(operations, {
    cors: false,
    // Its types were made for another setting of the compiler.
    components: { logger: logger as unknown as Logger },
    config: {
      isProxy: false,
      errors: true,
      checkSecurity: true,
      validateRequest: true,
      validateResponse: false,
      mock: { dynamic: false },
      upstreamProxy: undefined,
    },
  });
  const url = await server.listen(0, '127.0.0.1');
  return { url, close: () => server.close() };
}

/** Without `$ref` to web addresses: the mock takes those of examples, which are data, for its own and fetches them. */
function readDescription(path: string): object {
  return JSON.parse(readFileSync(path, 'utf8'), (key, value) =>
    key === '$ref' && /^https?:/.test(String(value)) ? undefined : value,
  );
}

/** Complaints of the mock about its own answers; all others are about the request. */
const ABOUT_ANSWERS =
  /#(?:NO_RESPONSE_DEFINED|NO_RESPONSE_RESPONSE_DEFINED|NO_COMPLEX_OBJECT_TEXT|SCHEMA_TOO_COMPLEX|VIOLATIONS|NO_SUCCESS_RESPONSE_DEFINED)/;

/** Whether the mock found the request itself invalid, judged by what it answered. */
export function refusesRequest(answer: string): boolean {
  return answer.includes('stoplight.io/prism/errors#') && !ABOUT_ANSWERS.test(answer);
}

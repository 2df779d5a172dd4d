// `GET /api/v1/openapi.json`: the description of all mounted routes, itself included.
import type { Route } from '../../route.ts';
import type { JsonObject } from '../../tool.ts';
import { type OpenApiAbout, openApiDocument } from './openapi.ts';

/** The whole of OpenAPI is its own schema's business; this says what every reader looks at first. */
const DOCUMENT = {
  type: 'object',
  properties: {
    openapi: { type: 'string', pattern: '^3\\.1\\.' },
    info: { type: 'object' },
    servers: { type: 'array' },
    paths: { type: 'object' },
    components: { type: 'object' },
  },
  required: ['openapi', 'info', 'paths', 'components'],
};

/** `routes` with the one that describes them; `about` is asked again after a reload. Any credential may read it. */
export function withOpenApi(routes: readonly Route[], about: () => OpenApiAbout): readonly Route[] {
  let made: { readonly keyHeader: string; readonly document: JsonObject } | undefined;
  const described: Route = {
    method: 'GET',
    path: '/api/v1/openapi.json',
    summary: 'This description, as OpenAPI 3.1.',
    access: 'permission',
    schema: { answer: DOCUMENT },
    handle() {
      const now = about();
      if (made?.keyHeader !== now.keyHeader)
        made = { keyHeader: now.keyHeader, document: openApiDocument(all, now) };
      return { status: 200, body: made.document };
    },
  };
  const all = [...routes, described];
  return all;
}

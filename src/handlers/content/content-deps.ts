// What prompts, resources and templates are prepared with.
import type { Handler } from '../../definition/schema/handler.ts';
import type { JsonObject } from '../../tool.ts';
import type { PreparedHandler } from '../handler.ts';

export interface ContentDeps {
  /** Directory of the definition file: the document root, which no file of the content leaves. */
  readonly baseDirectory: string;
  /** `name` and `inputSchema` stand for the tool that a handler usually serves. */
  readonly prepareHandler: (
    handler: Handler,
    name: string,
    inputSchema: JsonObject,
  ) => Promise<PreparedHandler>;
  /** Told of everything that could not be prepared; the rest is prepared all the same. */
  readonly report: (pointer: string, error: unknown) => void;
}

// What an imported operation sends, as the http handler of a tool says it; grown by parameters, body and credentials.
import type { JsonRecord } from './json-value.ts';

/** The request of one tool while it is put together. */
export interface RequestParts {
  /** Path with placeholders. */
  path: string;
  readonly query: Record<string, string>;
  readonly headers: Record<string, string>;
  /** `name=value` of the Cookie header. */
  readonly cookies: string[];
  body: string | JsonRecord | undefined;
  /** Of a multipart body, by the names of its fields. */
  readonly bodyParts: Record<string, JsonRecord>;
  /** Schemas of the arguments by their names. */
  readonly properties: Record<string, JsonRecord>;
  readonly required: string[];
}

/**
 * Text of a description where the handler looks for placeholders. Without this a description could name variables
 * and secrets of the server and have them sent to itself.
 */
export function literal(text: string): string {
  return text.replaceAll('${', () => '$${');
}

/** The placeholder of an argument. */
export function argument(path: string, form?: string): string {
  return form === undefined ? `\${args.${path}}` : `\${args.${path}|${form}}`;
}

// Which bodies that are neither JSON nor forms travel as text, and which as bytes.
import type { Documents } from './documents.ts';
import { isRecord, type JsonRecord, memberOf } from './json-value.ts';
import type { BodyContent } from './operation.ts';

/** Documents that people and models write as text, whatever structure their schema tells of. */
const TEXT_DOCUMENT =
  /^application\/(?:[\w.-]+\+xml|[\w.-]+\+yaml|xml|(?:x-)?yaml|(?:x-)?ndjson|jsonl|json-seq|javascript|graphql|sql|toml)$/;

export function isTextDocument(mediaType: string): boolean {
  return TEXT_DOCUMENT.test(mediaType);
}

/** What a caller is told of a text whose schema describes what the text means. */
export function asText(schema: JsonRecord, { mediaType }: Pick<BodyContent, 'mediaType'>): JsonRecord {
  const { type, title, description } = schema;
  if (type === 'string') return schema;
  const own = [title, description].filter((text) => typeof text === 'string');
  return { type: 'string', description: [...own, `The body as ${mediaType}.`].join(' ') };
}

/** A text of any other type. What has an encoding is given as that text (OpenAPI 3.1, `contentEncoding`). */
export function isText({ schema }: BodyContent, documents: Documents): boolean {
  return memberOf(documents.resolve(schema)?.value, 'type') === 'string';
}

/** Types whose values are bytes even where a schema says `type: string` and nothing else. */
const OPAQUE = /^(?:application\/(?:octet-stream|pdf|zip|gzip|x-tar)|(?:image|audio|video|font)\/[\w.+*-]+)$/;

/** A type without a schema is bytes (OpenAPI 3.1, Media Type Object: `image/png: {}`). */
export function isOpaque(mediaType: string, { schema }: BodyContent, documents: Documents): boolean {
  const value = documents.resolve(schema)?.value;
  if (isRecord(value) && Object.keys(value).length === 0) return true;
  const isPlainText =
    memberOf(value, 'type') === 'string' && memberOf(value, 'contentEncoding') === undefined;
  return isPlainText && OPAQUE.test(mediaType);
}

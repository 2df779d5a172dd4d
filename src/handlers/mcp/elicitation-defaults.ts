// Defaults of a form that an upstream puts to a client (MCP 2025-11-25, elicitation: default values).
import type { InputRequest, JsonObject } from '../../tool.ts';
import { isObject } from '../../upstreams/json-object.ts';

/** An accepted form with the defaults of what was left out: clients of older revisions know none. */
export function withDefaults({ method, params }: InputRequest, answer: JsonObject): JsonObject {
  if (method !== 'elicitation/create' || answer.action !== 'accept') return answer;
  const schema = params?.requestedSchema;
  const properties = isObject(schema) && isObject(schema.properties) ? schema.properties : {};
  const defaults = Object.entries(properties).flatMap(([name, property]) =>
    isObject(property) && property.default !== undefined ? [[name, property.default] as const] : [],
  );
  if (defaults.length === 0) return answer;
  return { ...answer, content: { ...Object.fromEntries(defaults), ...parseContent(answer.content) } };
}

function parseContent(content: unknown): JsonObject {
  return isObject(content) ? content : {};
}

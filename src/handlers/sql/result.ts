// Rows as a tool result. Structured content is always an object, which every revision of the protocol admits.
import type { QueryResult } from '../../databases/database.ts';
import type { SqlHandler } from '../../definition/schema/handler.ts';
import { HandlerError } from '../../errors.ts';
import type { JsonObject, ToolResult } from '../../tool.ts';

export interface ResultForm {
  /**
   * `rows`: `{rows, rowCount, truncated}`; `first`: `{row}`, null without one; `scalar`: `{value}`, the first column
   * of the first row, null without one.
   */
  readonly kind: SqlHandler['result'];
  /** Most characters of the JSON text; rows beyond it are cut off and the result says so. */
  readonly maxTextLength: number;
}

/** The text is the JSON of the structured content. A result that was cut says so in `_meta.truncated` too. */
export function toSqlResult(result: QueryResult, form: ResultForm): ToolResult {
  if (form.kind !== 'rows')
    return toResult(form.kind === 'first' ? firstOf(result) : scalarOf(result), false);
  let { rows, truncated } = result;
  let structured = rowsOf(rows, truncated);
  let text = JSON.stringify(structured);
  // The database counted bytes; escapes can make the text longer than that, up to six times.
  while (text.length > form.maxTextLength && rows.length > 0) {
    rows = rows.slice(0, Math.floor((rows.length * form.maxTextLength * 0.9) / text.length));
    truncated = true;
    structured = rowsOf(rows, truncated);
    text = JSON.stringify(structured);
  }
  return withText(structured, text, truncated);
}

/** Whether a result of any form holds no row, or as a scalar no value. */
export function saysNoRow(answer: ToolResult | HandlerError): boolean {
  if (answer instanceof HandlerError || !isObject(answer.structuredContent)) return false;
  const { rowCount, row, value } = answer.structuredContent;
  return rowCount === 0 || row === null || value === null;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null;
}

function rowsOf(rows: readonly JsonObject[], truncated: boolean): JsonObject {
  return { rows, rowCount: rows.length, truncated };
}

function firstOf({ rows }: QueryResult): JsonObject {
  return { row: rows[0] ?? null };
}

function scalarOf({ rows, columns }: QueryResult): JsonObject {
  return { value: rows[0]?.[columns[0] ?? ''] ?? null };
}

function toResult(structured: JsonObject, truncated: boolean): ToolResult {
  return withText(structured, JSON.stringify(structured), truncated);
}

function withText(structuredContent: JsonObject, text: string, truncated: boolean): ToolResult {
  const content = [{ type: 'text', text }];
  return truncated
    ? { content, structuredContent, _meta: { truncated: true } }
    : { content, structuredContent };
}

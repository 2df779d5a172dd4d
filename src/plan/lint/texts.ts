// Every text of a tool that a model reads, with its place.
import type { JsonObject } from '../../tool.ts';
import type { ListedTool } from '../listed-tool.ts';

export interface PlacedText {
  readonly pointer: string;
  readonly text: string;
}

/** Names, descriptions, and all keys and values of the schemas. */
export function textsOf(tool: ListedTool): readonly PlacedText[] {
  const found: PlacedText[] = [{ pointer: '/name', text: tool.name }];
  const { title, description, annotations, inputSchema, outputSchema } = tool;
  if (title !== undefined) found.push({ pointer: '/title', text: title });
  if (description !== undefined) found.push({ pointer: '/description', text: description });
  if (annotations?.title !== undefined)
    found.push({ pointer: '/annotations/title', text: annotations.title });
  collect(inputSchema, '/inputSchema', found);
  collect(outputSchema, '/outputSchema', found);
  return found;
}

function collect(value: unknown, pointer: string, found: PlacedText[]): void {
  if (typeof value === 'string') found.push({ pointer, text: value });
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value as JsonObject)) {
    const place = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (!Array.isArray(value)) found.push({ pointer: place, text: key });
    collect(member, place, found);
  }
}

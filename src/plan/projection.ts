// The fields of a result that its author wants models to read; the rest is left out before anything sees the result.
import { isDeepStrictEqual } from 'node:util';
import type { ToolResult } from '../tool.ts';

/** `true`: everything below. */
type Wanted = true | Map<string, Wanted>;

/**
 * Prepares a projection on paths such as `items.sku`, which lead through lists to each of their entries. It keeps of the
 * structured content what the paths lead to, and of the text the same where the text is its JSON. What a result does not
 * have is left out; errors, and results without structured content, stay as they are.
 */
export function createProjection(paths: readonly string[]): (result: ToolResult) => ToolResult {
  const wanted = treeOf(paths);
  return (result) => {
    const { structuredContent, content, isError } = result;
    if (isError === true || structuredContent === undefined) return result;
    const projected = project(structuredContent, wanted);
    const texts = content.map((item) =>
      typeof item.text === 'string' && isJsonOf(item.text, structuredContent)
        ? { ...item, text: JSON.stringify(projected, null, item.text.includes('\n') ? 2 : 0) }
        : item,
    );
    return { ...result, content: texts, structuredContent: projected };
  };
}

function treeOf(paths: readonly string[]): Wanted {
  const root = new Map<string, Wanted>();
  for (const path of paths) {
    let level = root;
    const steps = path.split('.');
    for (const [index, step] of steps.entries()) {
      const known = level.get(step);
      // A shorter path wants everything, whatever longer ones say.
      if (known === true) break;
      if (index === steps.length - 1) level.set(step, true);
      else {
        const next = known ?? new Map<string, Wanted>();
        level.set(step, next);
        level = next;
      }
    }
  }
  return root;
}

function project(value: unknown, wanted: Wanted): unknown {
  if (wanted === true) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => project(item, wanted));
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).flatMap(([key, member]) => {
    const below = wanted.get(key);
    return below === undefined ? [] : [[key, project(member, below)] as const];
  });
  return Object.fromEntries(kept);
}

function isJsonOf(text: string, value: unknown): boolean {
  try {
    return isDeepStrictEqual(JSON.parse(text), value);
  } catch {
    // A text for people stays as the handler wrote it.
    return false;
  }
}

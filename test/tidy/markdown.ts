// Reads what the documents say: their links, headings and commands.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listFiles, root } from './source-tree.ts';

export interface Document {
  /** Path from the repository's root. */
  readonly path: string;
  readonly text: string;
}

/** Every Markdown file of the repository. */
export function documents(): Document[] {
  return listFiles('.', ['.md']).map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

/** The text without fenced blocks, in which a bracket is no link and a hash no heading. */
export function withoutFences(text: string): string {
  return text.replace(/^(```+)[\s\S]*?^\1\s*$/gm, '');
}

/** Targets of the links and pictures of a document, as written. */
export function linksOf(text: string): string[] {
  const prose = withoutFences(text).replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g)].map(([, target = '']) => target);
}

/** The anchors that a document's headings make, in the form that code hosts give them. */
export function anchorsOf(text: string): Set<string> {
  const headings = [...withoutFences(text).matchAll(/^#{1,6}\s+(.+?)\s*$/gm)].map(
    ([, heading = '']) => heading,
  );
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replace(/\s/g, '-'),
    ),
  );
}

/**
 * The commands of the fenced `sh` blocks, one per line, with continued lines joined and comments left out.
 */
export function commandsOf(text: string): string[] {
  const blocks = [...text.matchAll(/^```sh\s*\n([\s\S]*?)^```\s*$/gm)].map(([, block = '']) => block);
  return blocks
    .flatMap((block) => block.replace(/\\\n\s*/g, '').split('\n'))
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

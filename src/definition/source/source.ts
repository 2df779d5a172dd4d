// One file with definitions: its text, its tree, and the way from an offset to line and column.
import { readFile, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import type { Problem, Rule } from '../problem.ts';
import { parseJson } from './json.ts';
import type { Node } from './node.ts';
import type { Parsed } from './syntax-problem.ts';
import { parseYaml } from './yaml.ts';

/** 5 MiB: spec servers §1. */
export const DOCUMENT_BYTES_MAX = 5 * 1024 * 1024;

export interface Source {
  /** As given to the loader. */
  readonly file: string;
  readonly root: Node | undefined;
  readonly problems: readonly Problem[];
  /** What offsets count in. */
  readonly text: string;
  /** Both from 1; columns count UTF-16 units as editors do. */
  position(offset: number): { readonly line: number; readonly column: number };
}

export const DEFINITION_EXTENSIONS = ['.yaml', '.yml', '.json', '.jsonc'] as const;

const parsers: Readonly<Record<string, (text: string) => Parsed>> = {
  '.yaml': parseYaml,
  '.yml': parseYaml,
  '.json': (text) => parseJson(text, { comments: false }),
  '.jsonc': (text) => parseJson(text, { comments: true }),
};

/** Reads and parses `path`; failures are problems of the source. */
export async function readSource(path: string): Promise<Source> {
  const parse = parsers[extname(path).toLowerCase()];
  if (parse === undefined) {
    return unreadable(
      path,
      `The extension is none of ${DEFINITION_EXTENSIONS.join(', ')}.`,
      'Rename the file.',
    );
  }
  try {
    const { size } = await stat(path);
    if (size > DOCUMENT_BYTES_MAX) {
      return unreadable(
        path,
        `The document has ${size} bytes.`,
        `Keep it within ${DOCUMENT_BYTES_MAX} bytes.`,
        'size',
      );
    }
    return parseSource(path, decode(await readFile(path)));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
      return unreadable(path, 'The file is not UTF-8.', 'Save it as UTF-8.', 'syntax');
    }
    return unreadable(path, `The file cannot be read (${code}).`, 'Check that it exists and may be read.');
  }
}

/** Parses a text, with or without byte order mark, as the extension of `file` says. */
export function parseSource(file: string, written: string): Source {
  const text = written.startsWith('\uFEFF') ? written.slice(1) : written;
  const parse = parsers[extname(file).toLowerCase()] ?? parseYaml;
  const starts = lineStarts(text);
  const position = (offset: number) => locate(starts, offset);
  const { root, problems } = parse(text);
  return {
    file,
    root,
    text,
    position,
    problems: problems.map((problem) => ({
      severity: 'error',
      file,
      ...position(problem.at),
      pointer: problem.pointer ?? '',
      rule: problem.rule,
      message: problem.message,
      fix: problem.fix,
    })),
  };
}

function decode(bytes: Buffer): string {
  // `fatal`: bytes that are no UTF-8 would otherwise turn into question marks in served texts.
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes);
}

function unreadable(file: string, message: string, fix: string, rule: Rule = 'file'): Source {
  const problem: Problem = { severity: 'error', file, line: 1, column: 1, pointer: '', rule, message, fix };
  return { file, root: undefined, text: '', problems: [problem], position: () => ({ line: 1, column: 1 }) };
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let index = text.indexOf('\n'); index !== -1; index = text.indexOf('\n', index + 1))
    starts.push(index + 1);
  return starts;
}

function locate(starts: readonly number[], offset: number): { line: number; column: number } {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
}

// A page of the documents as a script: files to write, commands to run, and what they print.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from './product.ts';

/** One command with what the page prints below it. */
export interface DocumentedRun {
  readonly words: readonly string[];
  /** From a comment behind the command; 0 when there is none. */
  readonly exitCode: number;
  /** `*` stands for any text of a line. Undefined: the page shows nothing. */
  readonly output: string | undefined;
}

export interface DocumentBlocks {
  /** Text by file name: blocks whose first line is a comment that names a file. */
  readonly files: Readonly<Record<string, string>>;
  readonly runs: readonly DocumentedRun[];
}

/** Reads a page below the repository's folder. */
export function documentBlocks(page: string): DocumentBlocks {
  const text = readFileSync(join(PROJECT, page), 'utf8');
  const files: Record<string, string> = {};
  const runs: DocumentedRun[] = [];
  for (const [, language = '', body = ''] of text.matchAll(/^```(\w+)\n(.*?)^```$/gms)) {
    const name = /^(?:#|\/\/) (\S+\.\w+)\n/.exec(body)?.[1];
    if (name !== undefined) files[name] = body;
    else if (language === 'sh') runs.push(...body.trim().split('\n').map(toRun));
    else if (language === 'text') {
      const last = runs.pop();
      if (last !== undefined) runs.push({ ...last, output: body });
    }
  }
  return { files, runs };
}

/** Whether `printed` is what the page shows. */
export function isPrinted(output: string, printed: string): boolean {
  const literals = output.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${literals.join('[^\\n]*')}$`).test(printed);
}

function toRun(line: string): DocumentedRun {
  const [command = '', comment = ''] = line.split(' # ');
  const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
  if (words[0] !== 'bin/quayside') throw new Error(`not a command of the product: ${line}`);
  const exitCode = Number(/exits with (\d+)/.exec(comment)?.[1] ?? 0);
  return { words: words.slice(1), exitCode, output: undefined };
}

// Sources in every language that is read by patterns. What a line defines stands behind it between « and », as kind and
// name; the marks are taken out before the files are written.
import type { Tree } from './code-server.ts';
import { DOCUMENTS } from './labelled-documents.ts';
import { FUNCTIONAL } from './labelled-functionals.ts';
import { PROGRAMS } from './labelled-programs.ts';

/** What is labelled in one language. */
export interface Labelled {
  readonly language: string;
  readonly path: string;
  readonly text: string;
  readonly labels: readonly { readonly kind: string; readonly name: string; readonly line: number }[];
}

/** Every language with its labels. */
export const LABELLED: readonly Labelled[] = [...PROGRAMS, ...FUNCTIONAL, ...DOCUMENTS].map(
  ([language, path, marked]) => {
    const labels: { kind: string; name: string; line: number }[] = [];
    const lines = marked.split('\n').map((line, at) =>
      line.replace(/ ?«(\S+) ([^»]*)»/g, (_, kind: string, name: string) => {
        labels.push({ kind, name, line: at + 1 });
        return '';
      }),
    );
    return { language, path: `${language}/${path}`, text: lines.join('\n'), labels };
  },
);

/** All of them as files. */
export const LABELLED_TREE: Tree = Object.fromEntries(LABELLED.map(({ path, text }) => [path, text]));

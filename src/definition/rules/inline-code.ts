// Syntax of code in the definition, checked without running any of it (spec servers §3.2).
import { Script } from 'node:vm';
import { CODE_FORMS, type CodePlace, furthest, placeInText, programOf } from '../inline-forms.ts';

/** A syntax error and its place in the text. */
export interface CodeProblem extends CodePlace {
  readonly message: string;
}

/** The first syntax error, or undefined when the code has one of the forms. */
export function inlineCodeProblem(code: string): CodeProblem | undefined {
  const problems: CodeProblem[] = [];
  for (const form of CODE_FORMS) {
    try {
      // Compiles only; the isolate compiles it again, and is what runs it.
      new Script(programOf(code, form), { filename: FILE });
      return undefined;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      problems.push({ message: error.message, ...placeInText(code, placeOf(error), form) });
    }
  }
  return furthest(problems);
}

const FILE = 'definition-code';

/** V8 decorates the stack of a syntax error: `file:line`, the line itself, and a caret below the place. */
function placeOf(error: SyntaxError): CodePlace {
  const [head = '', , caret = ''] = (error.stack ?? '').split('\n');
  const line = head.startsWith(`${FILE}:`) ? Number(head.slice(FILE.length + 1)) : 1;
  return { line, column: caret.indexOf('^') + 1 };
}

/**
 * Offset in the document of a place in the code that begins at or after `at`; undefined where the document does not
 * hold the code's lines as they are, such as behind escapes.
 */
export function offsetOfCode(
  document: string,
  at: number,
  code: string,
  place: CodePlace,
): number | undefined {
  let offset = at;
  const lines = code.split('\n').slice(0, place.line);
  for (const [index, text] of lines.entries()) {
    const found = document.indexOf(text.trim(), offset);
    if (found < 0) return undefined;
    offset = found + (index === lines.length - 1 ? 0 : text.trim().length);
  }
  const last = lines.at(-1) ?? '';
  const indent = last.length - last.trimStart().length;
  return offset + Math.max(0, place.column - 1 - indent);
}

// A text with spaces in place of comments and strings, so that patterns find code alone. Places stay what they are.
import type { ScanLanguage } from './scan-language.ts';

/** Line feeds stay. */
export function blankText(text: string, language: ScanLanguage): string {
  const { lineComments, blockComments, strings } = language;
  if (lineComments.length + blockComments.length + strings.length === 0) return text;
  const parts: string[] = [];
  let kept = 0;
  let at = 0;
  const skipTo = (from: number, end: number) => {
    parts.push(text.slice(kept, from), text.slice(from, end).replace(/[^\n]/g, ' '));
    kept = end;
    at = end;
  };
  while (at < text.length) {
    const block = blockComments.find(([open]) => text.startsWith(open, at));
    const line = block === undefined && lineComments.some((mark) => text.startsWith(mark, at));
    const mark = block === undefined && !line ? strings.find((one) => text.startsWith(one, at)) : undefined;
    if (block !== undefined) skipTo(at, endOf(text, block[1], at + block[0].length));
    else if (line) skipTo(at, lineEnd(text, at));
    else if (mark !== undefined) skipTo(at + mark.length, stringEnd(text, mark, at + mark.length));
    else at++;
    // The mark that ends a string begins none.
    if (mark !== undefined) at = Math.min(text.length, at + mark.length);
  }
  parts.push(text.slice(kept));
  return parts.join('');
}

function endOf(text: string, mark: string, from: number): number {
  const end = text.indexOf(mark, from);
  return end < 0 ? text.length : end + mark.length;
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

/** Before the closing mark. A string of one mark that is not closed on its line was none, such as an apostrophe. */
function stringEnd(text: string, mark: string, from: number): number {
  const isLong = mark.length > 1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text.startsWith(mark, at)) return at;
    else if (text[at] === '\n' && !isLong) return from;
  }
  return isLong ? text.length : from;
}

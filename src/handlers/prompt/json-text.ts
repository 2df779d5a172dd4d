// The JSON value in what a model wrote: models put it in a fence or say a sentence around it.

const FENCE = /```(?:json)?[^\S\n]*\n([\s\S]*?)\n?[^\S\n]*```/i;

/** The value, or what is wrong, in words for the model. */
export function parseJsonText(text: string): { readonly value: unknown } | { readonly problem: string } {
  const trimmed = text.trim();
  const candidates = [
    trimmed,
    FENCE.exec(trimmed)?.[1],
    between(trimmed, '{', '}'),
    between(trimmed, '[', ']'),
  ];
  let problem = 'The answer is not JSON.';
  for (const candidate of candidates) {
    if (candidate === undefined) continue;
    try {
      return { value: JSON.parse(candidate) };
    } catch (error) {
      // The first complaint is about the answer as a whole, which is what the model should mend.
      if (candidate === trimmed && error instanceof Error)
        problem = `The answer is not JSON: ${error.message}.`;
    }
  }
  return { problem };
}

function between(text: string, open: string, close: string): string | undefined {
  const start = text.indexOf(open);
  const end = text.lastIndexOf(close);
  return start === -1 || end <= start ? undefined : text.slice(start, end + 1);
}

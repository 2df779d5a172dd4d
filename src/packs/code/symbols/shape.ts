// What the signature of a function looks like, whatever its language.

/** Parameters besides the object itself, and whether it ends later than it returns. */
export interface Shape {
  readonly arity: number;
  readonly isAsync: boolean;
}

/** The shape that a signature shows. */
export function shapeOf(signature: string): Shape {
  return { arity: arityOf(signature), isAsync: isAsyncSignature(signature) };
}

/** What is passed without being asked for, and marks that are no parameters. */
const RECEIVER = /^(?:&?(?:mut )?self\b|this\b|cls\b|ctx context\.Context|\*$|\/$)/;

/** Parameters, receivers such as `self` and contexts left out; 0 where there are no parentheses. */
export function arityOf(signature: string): number {
  const list = parametersOf(signature);
  return list.filter((one) => one !== '' && !RECEIVER.test(one)).length;
}

/** Whether the words for it are there. */
export function isAsyncSignature(signature: string): boolean {
  return /\basync\b|\bawait\b|\bsuspend\b|Promise<|Task<|Future<|CompletableFuture|\bchan\b/.test(signature);
}

/** The texts between the commas of the first list in parentheses that follows a name. Go's receivers come before it. */
function parametersOf(signature: string): readonly string[] {
  const start = /^func \(/.test(signature)
    ? signature.indexOf('(', signature.indexOf(')') + 1)
    : signature.indexOf('(');
  if (start < 0) return [];
  const parts: string[] = [];
  let depth = 0;
  let from = start + 1;
  for (let at = start; at < signature.length; at++) {
    const one = signature[at];
    if (one === '(' || one === '[' || one === '{' || one === '<') depth++;
    else if (
      one === ')' ||
      one === ']' ||
      one === '}' ||
      (one === '>' && signature[at - 1] !== '-' && signature[at - 1] !== '=')
    )
      depth--;
    if ((one === ',' && depth === 1) || depth === 0) {
      parts.push(signature.slice(from, at).trim());
      from = at + 1;
    }
    if (depth === 0) break;
  }
  return parts;
}

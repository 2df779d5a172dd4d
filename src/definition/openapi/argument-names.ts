// Names of arguments: what a placeholder can name and every model vendor admits, one per parameter.

/** The bound of the large model vendors. */
const NAME_LENGTH_MAX = 64;

/** Hands out names within one tool; the same requests in the same order give the same names. */
export function createArgumentNames(): (wanted: string, fallback: string) => string {
  const taken = new Set<string>();
  return (wanted, fallback) => {
    const base = toArgumentName(wanted);
    // A path and a query parameter of one name are two arguments.
    const candidates = [base, `${base.slice(0, NAME_LENGTH_MAX - fallback.length - 1)}_${fallback}`];
    let name = candidates.find((one) => !taken.has(one));
    for (let number = 2; name === undefined; number++) {
      const numbered = `${base.slice(0, NAME_LENGTH_MAX - 8)}_${number}`;
      if (!taken.has(numbered)) name = numbered;
    }
    taken.add(name);
    return name;
  };
}

/** Whether `${args.a.<name>}` can name it. */
export function isPlaceholderName(name: string): boolean {
  return /^[A-Za-z_$][\w$-]*$/.test(name);
}

function toArgumentName(text: string): string {
  const plain = text.replaceAll(/[^A-Za-z0-9_-]+/g, '_').replaceAll(/^_+|_+$/g, '');
  const name = /^[A-Za-z_]/.test(plain) ? plain : `_${plain}`;
  return name.slice(0, NAME_LENGTH_MAX);
}

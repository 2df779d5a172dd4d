// References of JSON Schema, as far as a comparison follows them.

/** What a pointer into the same document leads to; undefined for any other reference. */
export function resolveReference(root: unknown, reference: unknown): unknown {
  if (typeof reference !== 'string' || !/^#(\/|$)/.test(reference)) return undefined;
  let found: unknown = root;
  for (const step of reference.slice(2).split('/')) {
    if (step === '') continue;
    const key = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Readonly<Record<string, unknown>>)[key];
  }
  return found;
}

/** Whether a schema depends on what stands outside of it. */
export function holdsReference(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(
    ([key, member]) => key === '$ref' || key === '$dynamicRef' || holdsReference(member),
  );
}

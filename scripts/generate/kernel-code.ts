// The WebAssembly of the text index, from its sources.

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import wabt from 'wabt';

/** The module that holds the bytes of the kernel in `source`, as the constant `name`. */
export async function renderKernelCode(source: string, name: string): Promise<string> {
  const { parseWat } = await wabt();
  const text = readFileSync(new URL(`../../${source}`, import.meta.url), 'utf8');
  const parsed = parseWat(source, text, { simd: true, bulk_memory: true, mutable_globals: true });
  try {
    parsed.validate();
    const code = Buffer.from(parsed.toBinary({}).buffer).toString('base64');
    return moduleOf({ source: basename(source), name, code });
  } finally {
    parsed.destroy();
  }
}

function moduleOf({ source, name, code }: { source: string; name: string; code: string }): string {
  return `// Generated from ${source} by \`npm run generate\`.

/** The kernel as WebAssembly, in base64. */
export const ${name} =
  '${code}';
`;
}

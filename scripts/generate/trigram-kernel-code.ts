// The WebAssembly of the text index, from its source.

import { readFileSync } from 'node:fs';
import wabt from 'wabt';

const source = 'src/packs/code/index/segment/trigram-kernel.wat';

/** The module that holds the bytes of the kernel. */
export async function renderTrigramKernelCode(): Promise<string> {
  const { parseWat } = await wabt();
  const text = readFileSync(new URL(`../../${source}`, import.meta.url), 'utf8');
  const parsed = parseWat(source, text, { simd: true, bulk_memory: true, mutable_globals: true });
  try {
    parsed.validate();
    return moduleOf(Buffer.from(parsed.toBinary({}).buffer).toString('base64'));
  } finally {
    parsed.destroy();
  }
}

function moduleOf(code: string): string {
  return `// Generated from trigram-kernel.wat by \`npm run generate\`.

/** The kernel as WebAssembly, in base64. */
export const trigramKernelCode =
  '${code}';
`;
}

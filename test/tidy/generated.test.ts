// What is generated is as its source says.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { generatedFiles } from '../../scripts/generate/generated-files.ts';
import { errors } from '../../src/errors.ts';
import { root } from './source-tree.ts';

describe('generated files', () => {
  test.each(generatedFiles)('$path is what `npm run generate` writes', async ({ path, render }) => {
    expect(existsSync(join(root, path))).toBe(true);
    expect(readFileSync(join(root, path), 'utf8')).toBe(await render());
  });
});

describe('the table of errors', () => {
  const page = readFileSync(join(root, 'docs/errors.md'), 'utf8');
  const listed = [...page.matchAll(/^\| `([a-z0-9_]+)` \|/gm)].map(([, code]) => code);

  test('and its page list the same codes', () => {
    expect(listed).toEqual(Object.keys(errors));
  });

  test('holds statuses and numbers that the protocol allows', () => {
    const wrong = Object.entries(errors).filter(([, { status, modern }]) => {
      const isReserved = modern <= -32000 && modern >= -32768;
      const isProtocol = [-32700, -32600, -32601, -32602, -32603, -32020, -32021, -32022].includes(modern);
      return status < 200 || status > 599 || (isReserved && !isProtocol);
    });
    expect(wrong).toEqual([]);
  });

  test('has messages that are sentences', () => {
    const wrong = Object.entries(errors).filter(([, { message }]) => !/^[A-Z].*\.$/.test(message));
    expect(wrong).toEqual([]);
  });
});

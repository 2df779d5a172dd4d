// A command in the documents is a promise: each has a test that runs it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exists } from '../support/test-titles.ts';
import { commandsOf } from './markdown.ts';
import { citedByCommands, documentedCommands, isAbout } from './readme-commands.ts';
import { root } from './source-tree.ts';

const pages = ['README.md', 'CONTRIBUTING.md'];
const printed = [...new Set(pages.flatMap((page) => commandsOf(readFileSync(join(root, page), 'utf8'))))];

describe('documented commands', () => {
  test('each have one test, or a reason why not', () => {
    const unclear = printed.filter(
      (line) => documentedCommands.filter((entry) => isAbout(entry, line)).length !== 1,
    );
    expect(unclear).toEqual([]);
    expect(
      documentedCommands.filter((entry) => (entry.test === undefined) === (entry.untested === undefined)),
    ).toEqual([]);
  });

  test('that are no longer printed are no longer listed', () => {
    expect(documentedCommands.filter((entry) => !printed.some((line) => isAbout(entry, line)))).toEqual([]);
  });

  test('name tests that exist', () => {
    expect(citedByCommands.filter((citation) => !exists(citation))).toEqual([]);
  });

  test('are read with their continuation lines joined', () => {
    expect(commandsOf('```sh\n# no\ncurl a \\\n  -d b\nnpm test\n```\n```json\n{}\n```\n')).toEqual([
      'curl a -d b',
      'npm test',
    ]);
  });
});

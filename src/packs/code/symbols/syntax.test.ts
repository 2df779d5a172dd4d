// Nothing else is in this file: what is tested happens once in the life of a thread.
import { expect, test } from 'vitest';
import { grammarOf } from './grammars.ts';
import { readFacts } from './read-facts.ts';
import { Syntax } from './syntax.ts';

test('P45: languages that are asked for at the same time in a new thread are all read, then and later', async () => {
  const syntax = new Syntax();
  const read = async (path: string, text: string) => {
    const grammar = grammarOf(path);
    if (grammar === undefined) throw new Error(`${path} has no grammar.`);
    return (await readFacts(text, grammar, syntax))?.symbols.map(({ name }) => name);
  };
  const readAll = () =>
    Promise.all([
      read('a.js', 'function one() {}'),
      read('a.py', 'def two(): pass'),
      read('a.go', 'package three'),
    ]);
  const names = [['one'], ['two'], ['three']];
  expect(await readAll()).toEqual(names);
  expect(await readAll()).toEqual(names);
});

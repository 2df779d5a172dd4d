import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type FileFacts, SYMBOL_KINDS, type SymbolFact, VISIBILITIES } from './facts.ts';
import { grammarOf } from './grammars.ts';
import { packFacts, unpackFacts } from './packed-facts.ts';
import { readFacts } from './read-facts.ts';
import { Syntax } from './syntax.ts';

const symbol = (place: number, traits: Partial<SymbolFact>): SymbolFact => ({
  name: `name ${place}\n"é`,
  kind: 'function',
  line: 3 + place,
  column: place,
  lineStart: 2 + place,
  lineEnd: 90 - place,
  signature: '',
  doc: 'Two\nlines.',
  parent: place - 1,
  visibility: 'public',
  isExported: false,
  isLocal: false,
  ...traits,
});

test('facts are what they were once they are unpacked, whatever their traits, on one line', () => {
  const traits = SYMBOL_KINDS.flatMap((kind) =>
    VISIBILITIES.flatMap((visibility) =>
      [true, false].flatMap((isExported) =>
        [true, false].map((isLocal) => ({ kind, visibility, isExported, isLocal })),
      ),
    ),
  );
  const facts: FileFacts = {
    symbols: traits.map((one, place) => symbol(place, one)),
    imports: [
      { source: './a\n.ts', line: 7 },
      { source: '', line: 1 },
    ],
  };
  expect(packFacts(facts)).not.toContain('\n');
  expect(unpackFacts(packFacts(facts))).toEqual(facts);
});

test('a definition may begin before the one in front of it, and stand in one that comes later', () => {
  const symbols = [
    symbol(0, { lineStart: 9, parent: 2 }),
    symbol(1, { lineStart: 4, parent: -1 }),
    symbol(2, {}),
  ];
  expect(unpackFacts(packFacts({ symbols, imports: [] }))).toEqual({ symbols, imports: [] });
});

test('packed facts of a source are at most half of what they are as objects', async () => {
  const path = import.meta.filename;
  const grammar = grammarOf(path);
  if (grammar === undefined) throw new Error(`${path} has no grammar.`);
  const facts = await readFacts(readFileSync(path, 'utf8'), grammar, new Syntax());
  if (facts === undefined) throw new Error(`${path} was not parsed.`);
  expect(unpackFacts(packFacts(facts))).toEqual(facts);
  expect(packFacts(facts).length).toBeLessThan(JSON.stringify(facts).length / 2);
});

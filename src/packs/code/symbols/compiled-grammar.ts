// Grammars as the engine runs them: compiled plainly at first, and optimised only where much is parsed.
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { type Grammar, grammarFile } from './grammars.ts';

/** As much of the global as is used here; Node's types leave it to those of browsers. */
declare const WebAssembly: { readonly Module: new (bytes: Uint8Array) => object };

/**
 * V8 optimises a function once it has run through this many bytes of code, jumps by their distance. The lexer of a grammar
 * is one function of up to 160 KB that jumps across all of itself, so that a few small shell scripts were enough to
 * optimise theirs: a second or more of the processor, and 700 MB. With the most that V8 can count they are not.
 */
const GRAMMAR_BUDGET = 2 ** 31 - 1;
/** What V8 has by itself. */
const USUAL_BUDGET = 13_000_000;

/**
 * The module of a grammar; threads share the code of equal ones. A module keeps the budget that held when it was compiled,
 * so another one that a thread compiles at this very moment is at worst optimised earlier or later.
 */
export function compileGrammar(grammar: Grammar): object {
  const bytes = readFileSync(grammarFile(grammar));
  setFlagsFromString(`--wasm-tiering-budget=${GRAMMAR_BUDGET}`);
  try {
    return new WebAssembly.Module(bytes);
  } finally {
    setFlagsFromString(`--wasm-tiering-budget=${USUAL_BUDGET}`);
  }
}

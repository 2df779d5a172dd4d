// Entry of a parsing thread: texts in, packed facts out.
import { parentPort } from 'node:worker_threads';
import type { ThreadAnswer } from '../index/engine/asked-thread.ts';
import { grammarOf } from './grammars.ts';
import type { ParseRequest } from './parse-pool.ts';
import { readPacked } from './read-facts.ts';
import { Syntax } from './syntax.ts';

const syntax = new Syntax();

parentPort?.on('message', (request: ParseRequest & { readonly id: number }) => void serve(request));

async function serve({ id, path, text }: ParseRequest & { readonly id: number }): Promise<void> {
  try {
    answer({ id, value: await factsOf(path, text) });
  } catch (error) {
    answer({ id, failure: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}

async function factsOf(path: string, text: string): Promise<string | undefined> {
  const grammar = grammarOf(path);
  return grammar === undefined ? undefined : readPacked(text, grammar, syntax);
}

function answer(message: ThreadAnswer): void {
  parentPort?.postMessage(message);
}

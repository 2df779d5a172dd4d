// Parses texts. Grammars are loaded when first needed, and a tree lives only as long as it is looked at.
import { Language, Parser, Query, type QueryMatch, type Tree } from 'web-tree-sitter';
import { compileGrammar } from './compiled-grammar.ts';
import type { Grammar } from './grammars.ts';

/** Larger files are generated; their symbols would drown those that people wrote. */
export const PARSE_BYTES_MAX: number = 2 << 20;
/** A file that takes longer is not worth its symbols: normal sources parse at several megabytes a second. */
const PARSE_MS_MAX = 3_000;

interface Loaded {
  readonly parser: Parser;
  readonly language: Language;
  /** By their source; compiled when first needed, which takes as long as parsing dozens of files. */
  readonly queries: Map<string, Query>;
}

/** Parses with any grammar; used from one thread only. */
export class Syntax {
  readonly #loaded = new Map<string, Promise<Loaded>>();

  /**
   * Runs `look` on the tree of a text and what tells the matches of the grammar's patterns in it; undefined when it could
   * not be parsed in time.
   */
  async parse<Result>(
    text: string,
    grammar: Grammar,
    look: (tree: Tree, matches: () => readonly QueryMatch[]) => Result,
  ): Promise<Result | undefined> {
    let loading = this.#loaded.get(grammar.id);
    if (loading === undefined) {
      loading = load(grammar);
      this.#loaded.set(grammar.id, loading);
    }
    const loaded = await loading;
    const { parser } = loaded;
    const end = performance.now() + PARSE_MS_MAX;
    const tree = parser.parse(text, null, { progressCallback: () => performance.now() > end });
    if (tree === null) {
      parser.reset();
      return undefined;
    }
    try {
      return look(tree, () => matchesOf({ tree, text, grammar }, loaded));
    } finally {
      tree.delete();
    }
  }
}

/**
 * web-tree-sitter is begun once in a thread. Begun a second time before the first is done, it goes on with a memory of its
 * own, in which nothing is of what was loaded into the first.
 */
let beginning: Promise<void> | undefined;

async function load(grammar: Grammar): Promise<Loaded> {
  beginning ??= Parser.init();
  await beginning;
  const language = Language.loadSync(compileGrammar(grammar));
  const parser = new Parser();
  parser.setLanguage(language);
  return { parser, language, queries: new Map() };
}

function matchesOf(
  { tree, text, grammar }: { readonly tree: Tree; readonly text: string; readonly grammar: Grammar },
  { language, queries }: Loaded,
): readonly QueryMatch[] {
  const { query, rare } = grammar;
  const sources = rare?.mark.test(text) === true ? [query, rare.query] : [query];
  return sources.flatMap((source) => {
    const compiled = queries.get(source) ?? new Query(language, source);
    queries.set(source, compiled);
    return compiled.matches(tree.rootNode);
  });
}

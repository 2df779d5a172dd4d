// The symbols of one text index: follows its states, parses what is new, and answers from the state it knows whole.
import { setImmediate } from 'node:timers/promises';
import { stem, subTokens } from '../../../retrieval/sub-tokens.ts';
import { compileGlob } from '../index/intake/glob.ts';
import { IndexStore } from '../index/store/index-store.ts';
import type { Snapshot } from '../index/store/snapshot.ts';
import { languageOf } from '../languages.ts';
import { dependencyGraph } from './dependency-graph.ts';
import { type DiscoveryQuery, discover } from './discovery.ts';
import { extractFacts } from './extract.ts';
import type { FileFacts, SymbolFact } from './facts.ts';
import { FactsStore } from './facts-store.ts';
import { type Grammar, grammarOf } from './grammars.ts';
import { ImportResolver } from './import-resolver.ts';
import { nameScore } from './name-match.ts';
import { searchReferences, textOf } from './reference-search.ts';
import { scanLanguageOf } from './scan/program-languages.ts';
import { SCAN_BYTES_MAX, scanText } from './scan/scanner.ts';
import type {
  DependencyGraph,
  DiscoveredSymbol,
  FoundSymbol,
  Outline,
  ReferenceHits,
  ReferenceQuery,
  SymbolCounts,
  SymbolHits,
  SymbolQuery,
  SymbolSetup,
  SymbolState,
} from './symbol-messages.ts';
import { type Definition, type ParsedFile, SymbolTable } from './symbol-table.ts';
import { PARSE_BYTES_MAX, Syntax } from './syntax.ts';

/** Names offered where nothing was found. */
const SIMILAR_MAX = 5;
/** Used from one thread only. */
export class SymbolEngine {
  readonly #index: IndexStore;
  readonly #table: SymbolTable;
  readonly #syntax = new Syntax();
  readonly #unparsed = new Set<string>();
  #imports: ImportResolver | undefined;
  /** The state that is answered from; an index that was built anew may have its number again. */
  #known: Snapshot | undefined;
  #parsed = 0;

  constructor(setup: SymbolSetup) {
    this.#index = new IndexStore(setup.text);
    this.#table = new SymbolTable((each) => new FactsStore(`${setup.directory}/symbols`, each));
  }

  /** Brings the symbols to the newest state of the text index; others have their turn in between. */
  async refresh(): Promise<SymbolState> {
    const snapshot = this.#index.use();
    try {
      if (snapshot === this.#known) return this.#state();
      const files: ParsedFile[] = [];
      for (const { path, status, blob, size } of snapshot.files) {
        const grammar = status === 'indexed' ? grammarOf(path) : undefined;
        if (grammar === undefined) continue;
        const file = { path, blob, grammar };
        if (size > (grammar.scan === undefined ? PARSE_BYTES_MAX : SCAN_BYTES_MAX)) this.#unparsed.add(path);
        else if (this.#table.has(file) || (await this.#parse(file, snapshot))) files.push(file);
      }
      this.#table.publish(files);
      this.#imports = undefined;
      this.#known = snapshot;
      return this.#state();
    } finally {
      this.#index.release(snapshot);
    }
  }

  /** Definitions by name. */
  lookup(query: SymbolQuery): SymbolHits {
    const test = query.include === undefined ? undefined : pathTest(query.include);
    const kinds = query.kinds === undefined ? undefined : new Set<string>(query.kinds);
    const names = query.exact ? [[query.name, 1] as const] : this.#alike(query.name);
    const found: FoundSymbol[] = [];
    for (const [name, score] of names) {
      for (const definition of this.#table.definitionsOf(name)) {
        if (kinds !== undefined && !kinds.has(definition.kind)) continue;
        if (test?.(definition.path) === false) continue;
        found.push(present(definition, score));
      }
    }
    found.sort((a, b) => b.score - a.score || weight(b) - weight(a) || compare(a, b));
    const similar =
      found.length > 0
        ? []
        : this.#alike(query.name)
            .slice(0, SIMILAR_MAX)
            .map(([name]) => name);
    return { symbols: found.slice(0, query.limit), total: found.length, similar };
  }

  /** The symbols of a file; undefined for one that is not parsed. */
  outline(path: string): Outline | undefined {
    const file = this.#table.file(path);
    return file === undefined
      ? undefined
      : { language: languageOf(path), symbols: this.#table.factsOf(path).symbols };
  }

  /** The innermost named definition around each place. */
  enclosing(places: readonly { readonly path: string; readonly line: number }[]): (SymbolFact | undefined)[] {
    return places.map(({ path, line }) => {
      const around = this.#table
        .factsOf(path)
        .symbols.filter((one) => one.lineStart <= line && line <= one.lineEnd && one.lineEnd > one.lineStart);
      return around.reduce<SymbolFact | undefined>(
        (best, one) =>
          best === undefined || one.lineEnd - one.lineStart <= best.lineEnd - best.lineStart ? one : best,
        undefined,
      );
    });
  }

  /** Every place where a name is used. */
  async references(query: ReferenceQuery): Promise<ReferenceHits> {
    const snapshot = this.#index.use();
    const [table, syntax, imports] = [this.#table, this.#syntax, this.#resolver()];
    try {
      const { definition, ...found } = await searchReferences(query, { snapshot, table, syntax, imports });
      return { ...found, definition: definition === undefined ? undefined : present(definition, 1) };
    } finally {
      this.#index.release(snapshot);
    }
  }

  /** Imports around a file or folder. */
  dependencies(wish: {
    readonly path: string;
    readonly depth: number;
    readonly direction: 'in' | 'out';
  }): DependencyGraph {
    return dependencyGraph(
      this.#resolver(),
      this.#table.files.map(({ path }) => path),
      wish,
    );
  }

  /** Definitions that do what a question is about. */
  discover(query: DiscoveryQuery): readonly DiscoveredSymbol[] {
    return discover(this.#table, query).map((one) => ({
      ...present(one, one.similarity),
      similarity: one.similarity,
    }));
  }

  /** Per file the number of definitions with each term in their name. */
  termCounts(paths: readonly string[], terms: readonly string[]): readonly (readonly number[])[] {
    return paths.map((path) => {
      const names = this.#table.factsOf(path).symbols.map(({ name }) => new Set(subTokens(name).map(stem)));
      return terms.map((term) => names.filter((words) => words.has(term)).length);
    });
  }

  counts(): SymbolCounts {
    const byLanguage: Record<string, number> = {};
    let symbols = 0;
    for (const { path } of this.#table.files) {
      const count = this.#table.factsOf(path).symbols.length;
      symbols += count;
      byLanguage[languageOf(path)] = (byLanguage[languageOf(path)] ?? 0) + count;
    }
    return { symbols, byLanguage };
  }

  close(): void {
    this.#table.close();
    this.#index.close();
  }

  #state(): SymbolState {
    const { files } = this.#table;
    const unparsed = [...this.#unparsed];
    return { generation: this.#known?.generation ?? 0, files: files.length, parsed: this.#parsed, unparsed };
  }

  async #parse(file: ParsedFile, snapshot: Snapshot): Promise<boolean> {
    const text = textOf(snapshot, file.path);
    await setImmediate();
    const facts = text === undefined ? undefined : await this.#read(text, file.grammar);
    if (facts === undefined) {
      this.#unparsed.add(file.path);
      return false;
    }
    this.#unparsed.delete(file.path);
    this.#table.add(file, facts);
    this.#parsed++;
    return true;
  }

  async #read(text: string, grammar: Grammar): Promise<FileFacts | undefined> {
    if (grammar.scan !== undefined) return scanText(text, scanLanguageOf(text, grammar.scan));
    return this.#syntax.parse(text, grammar, (tree, query) => extractFacts(tree, query, grammar, text));
  }

  #resolver(): ImportResolver {
    this.#imports ??= new ImportResolver(this.#table);
    return this.#imports;
  }

  #alike(asked: string): (readonly [string, number])[] {
    const found: (readonly [string, number])[] = [];
    for (const name of this.#table.names()) {
      const score = nameScore(asked, name);
      if (score > 0) found.push([name, score]);
    }
    return found.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  }
}

function present(definition: Definition, score: number): FoundSymbol {
  return { ...definition, language: languageOf(definition.path), score };
}

const KIND_WEIGHT: Readonly<Record<string, number>> = {
  class: 6,
  struct: 6,
  interface: 6,
  enum: 6,
  type: 5,
  function: 5,
  method: 4,
  macro: 4,
  constant: 3,
  variable: 2,
  field: 1,
  namespace: 1,
};

function weight({ kind, isLocal, isExported }: FoundSymbol): number {
  return (KIND_WEIGHT[kind] ?? 0) + (isExported ? 0.5 : 0) - (isLocal ? 3 : 0);
}

function compare(a: FoundSymbol, b: FoundSymbol): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line;
}

/** A glob as search_code understands it: without a slash it is about names. */
function pathTest(glob: string): (path: string) => boolean {
  return compileGlob(glob.includes('/') ? glob.replace(/^\//, '') : `**/${glob}`);
}

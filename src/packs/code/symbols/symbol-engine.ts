// The symbols of one text index: follows its states, parses what is new, and answers from the state it knows whole.
import { setImmediate } from 'node:timers/promises';
import { stem, subTokens } from '../../../retrieval/sub-tokens.ts';
import { compileNameGlob } from '../index/intake/glob.ts';
import { recordsUnder } from '../index/store/file-tree.ts';
import { IndexStore } from '../index/store/index-store.ts';
import type { Snapshot } from '../index/store/snapshot.ts';
import { languageOf } from '../languages.ts';
import { symbolsOfRelative } from '../repositories/index-directory.ts';
import { compareDefinitions } from './definition-order.ts';
import { dependencyGraph } from './dependency-graph.ts';
import { type DiscoveryQuery, discover } from './discovery.ts';
import { type Extent, innermostAt } from './extents.ts';
import type { FileFacts } from './facts.ts';
import { FactsStore } from './facts-store.ts';
import { grammarOf } from './grammars.ts';
import { ImportResolver } from './import-resolver.ts';
import { nameScore } from './name-match.ts';
import { ParsePool, takeInTurn } from './parse-pool.ts';
import { readPacked } from './read-facts.ts';
import { searchReferences, textOf } from './reference-search.ts';
import { SCAN_BYTES_MAX } from './scan/scanner.ts';
import type {
  DependencyGraph,
  DiscoveredSymbol,
  FoundSymbol,
  Outline,
  ReferenceHits,
  ReferenceQuery,
  SymbolCount,
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
/** Fewer files are parsed by the engine's own thread: starting others and loading grammars into them takes as long. */
const POOL_FILES_MIN = 64;

/** Used from one thread only. */
export class SymbolEngine {
  readonly #directory: string;
  readonly #index: IndexStore;
  readonly #table: SymbolTable;
  readonly #syntax = new Syntax();
  readonly #unparsed = new Set<string>();
  #imports: ImportResolver | undefined;
  /** The state that is answered from; an index that was built anew may have its number again. */
  #known: Snapshot | undefined;
  #parsed = 0;
  #news = new Map<string, SymbolCount>();

  constructor(setup: SymbolSetup) {
    this.#directory = setup.directory;
    this.#index = new IndexStore(setup.text);
    this.#table = new SymbolTable((each) => new FactsStore(`${setup.directory}/symbols`, each));
  }

  /** Brings the symbols to the newest state of the text index; others have their turn in between. */
  async refresh(): Promise<SymbolState> {
    const snapshot = this.#index.use();
    try {
      if (snapshot === this.#known) return this.#state();
      if (this.#known === undefined) this.#takeFromRelative(snapshot);
      const files = this.#readableFiles(snapshot);
      await this.#parseMissing(files, snapshot);
      this.#table.publish(files.filter((file) => this.#table.has(file)));
      this.#imports = undefined;
      this.#known = snapshot;
      return this.#state();
    } finally {
      this.#index.release(snapshot);
    }
  }

  /** Definitions by name. */
  lookup(query: SymbolQuery): SymbolHits {
    const test = query.include === undefined ? undefined : compileNameGlob(query.include);
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
    found.sort(compareDefinitions);
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
  enclosing(places: readonly { readonly path: string; readonly line: number }[]): (Extent | undefined)[] {
    return places.map(({ path, line }) => innermostAt(this.#table.extentsOf(path), line));
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

  /** Per file the number of definitions with each term in their name, or as their name. */
  termCounts(paths: readonly string[], terms: readonly string[]): readonly (readonly number[])[] {
    return paths.map((path) => {
      const names = this.#table
        .factsOf(path)
        .symbols.map(({ name }) => new Set([...subTokens(name).map(stem), name.toLowerCase()]));
      return terms.map((term) => names.filter((words) => words.has(term)).length);
    });
  }

  counts(under: string): SymbolCounts {
    const byLanguage: Record<string, number> = {};
    let symbols = 0;
    for (const { path } of recordsUnder(this.#table.files, under)) {
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

  /** Facts that another place of the repository has of the same texts, where this index has none yet. */
  #takeFromRelative(snapshot: Snapshot): void {
    const folder = this.#table.isEmpty ? symbolsOfRelative(this.#directory) : undefined;
    if (folder === undefined) return;
    const wanted = new Set(snapshot.files.map(({ blob }) => blob));
    const take = (key: string, facts: FileFacts) => {
      if (wanted.has(key.slice(0, key.indexOf('.')))) this.#table.take(key, facts);
    };
    new FactsStore(folder, take, { isReader: true }).close();
  }

  #state(): SymbolState {
    const { files } = this.#table;
    const unparsed = [...this.#unparsed];
    const news = [...this.#news.values()];
    this.#news = new Map();
    const generation = this.#known?.generation ?? 0;
    return { generation, files: files.length, parsed: this.#parsed, unparsed, news };
  }

  /** Files whose language is known and that are not too large. */
  #readableFiles(snapshot: Snapshot): ParsedFile[] {
    const files: ParsedFile[] = [];
    for (const { path, status, blob, size } of snapshot.files) {
      const grammar = status === 'indexed' ? grammarOf(path) : undefined;
      if (grammar === undefined) continue;
      if (size > (grammar.scan === undefined ? PARSE_BYTES_MAX : SCAN_BYTES_MAX)) this.#unparsed.add(path);
      else files.push({ path, blob, grammar });
    }
    return files;
  }

  async #parseMissing(files: readonly ParsedFile[], snapshot: Snapshot): Promise<void> {
    const missing = files.filter((file) => !this.#table.has(file));
    if (missing.length < POOL_FILES_MIN) {
      const parse = (text: string, { grammar }: ParsedFile) => readPacked(text, grammar, this.#syntax);
      return takeInTurn(missing, 1, (file) => this.#parse(file, snapshot, parse));
    }
    const pool = new ParsePool();
    const parse = (text: string, { path }: ParsedFile) => pool.parse({ path, text });
    try {
      await takeInTurn(missing, ParsePool.lanes, (file) => this.#parse(file, snapshot, parse));
    } finally {
      await pool.close();
    }
  }

  async #parse(
    file: ParsedFile,
    snapshot: Snapshot,
    parse: (text: string, file: ParsedFile) => Promise<string | undefined>,
  ): Promise<void> {
    // Another file with the same text may have been parsed meanwhile.
    if (this.#table.has(file)) return;
    const text = textOf(snapshot, file.path);
    await setImmediate();
    const packed = text === undefined ? undefined : await parse(text, file);
    if (packed === undefined) this.#unparsed.add(file.path);
    else this.#learn(file, packed);
  }

  #learn(file: ParsedFile, packed: string): void {
    this.#unparsed.delete(file.path);
    // Two lanes may have had the same text at the same time.
    if (this.#table.has(file)) return;
    const facts = this.#table.add(file, packed);
    this.#parsed++;
    this.#count(languageOf(file.path), facts);
  }

  #count(language: string, { symbols }: FileFacts): void {
    for (const { kind } of symbols) {
      const key = `${language} ${kind}`;
      this.#news.set(key, { language, kind, count: (this.#news.get(key)?.count ?? 0) + 1 });
    }
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

// Which files are there, what each defines, and where a name is defined. Only names are resident; facts are read from
// the disk when they are shown.
import { LRUCache } from 'lru-cache';
import { type Extent, extentsOf } from './extents.ts';
import type { FileFacts, SymbolFact } from './facts.ts';
import { type FactsStore, factsKey } from './facts-store.ts';
import type { Grammar } from './grammars.ts';
import { packFacts, unpackFacts } from './packed-facts.ts';

/** Parsed facts kept in memory: what several questions in a row are about. */
const FACTS_KEPT = 2_000;
/** Of extents, whose few words are asked for with every line that is shown: some 40 MB at most. */
const EXTENTS_KEPT = 500_000;

/** A file whose symbols are known. */
export interface ParsedFile {
  readonly path: string;
  readonly blob: string;
  readonly grammar: Grammar;
}

/** A definition with the file that holds it. */
export interface Definition extends SymbolFact {
  readonly path: string;
  /** Names of what encloses it, outermost first. */
  readonly scope: readonly string[];
}

/** The table of one state of the tree; the names of blobs outlive it. */
export class SymbolTable {
  readonly #facts: FactsStore;
  readonly #kept = new LRUCache<string, FileFacts>({ max: FACTS_KEPT });
  readonly #extents = new LRUCache<string, readonly Extent[]>({
    maxSize: EXTENTS_KEPT,
    sizeCalculation: (extents) => 1 + extents.length,
  });
  /** Keys of facts by the names that they define. */
  readonly #byName = new Map<string, string[]>();
  #files: readonly ParsedFile[] = [];
  #byPath = new Map<string, ParsedFile>();
  #paths = new Map<string, string[]>();

  constructor(open: (each: (key: string, facts: FileFacts) => void) => FactsStore) {
    this.#facts = open((key, facts) => this.#addNames(key, facts));
  }

  has(file: ParsedFile): boolean {
    return this.#facts.has(keyOf(file));
  }

  /** Adds the packed facts of a file's blob, and tells what they are. */
  add(file: ParsedFile, packed: string): FileFacts {
    const facts = unpackFacts(packed);
    this.#facts.add(keyOf(file), packed);
    this.#addNames(keyOf(file), facts);
    return facts;
  }

  /** Whether nothing was ever parsed. */
  get isEmpty(): boolean {
    return this.#facts.isEmpty;
  }

  /** Adds facts that were read from another store. */
  take(key: string, facts: FileFacts): void {
    if (this.#facts.has(key)) return;
    this.#facts.add(key, packFacts(facts));
    this.#addNames(key, facts);
  }

  /** Makes `files` the state that is asked about. */
  publish(files: readonly ParsedFile[]): void {
    this.#files = files;
    this.#byPath = new Map(files.map((file) => [file.path, file]));
    this.#paths = new Map(
      [...Map.groupBy(files, keyOf)].map(([key, same]) => [key, same.map(({ path }) => path)]),
    );
    this.#facts.compact(new Set(this.#paths.keys()));
  }

  get files(): readonly ParsedFile[] {
    return this.#files;
  }

  file(path: string): ParsedFile | undefined {
    return this.#byPath.get(path);
  }

  /** The facts of a file of the state; empty for one that is not in it. */
  factsOf(path: string): FileFacts {
    const file = this.#byPath.get(path);
    return file === undefined ? NOTHING : this.#read(keyOf(file));
  }

  /** The definitions of a file of the state that can enclose something; none for one that is not in it. */
  extentsOf(path: string): readonly Extent[] {
    const file = this.#byPath.get(path);
    if (file === undefined) return [];
    const key = keyOf(file);
    let extents = this.#extents.get(key);
    if (extents === undefined) {
      // Past the facts that are kept: a page of lines from as many files would drop what questions in a row are about.
      extents = extentsOf(this.#kept.get(key) ?? this.#facts.read(key) ?? NOTHING);
      this.#extents.set(key, extents);
    }
    return extents;
  }

  /** Every name that is defined now. */
  *names(): Generator<string> {
    for (const [name, keys] of this.#byName) if (keys.some((key) => this.#paths.has(key))) yield name;
  }

  /** The definitions of a name, by path and line. */
  definitionsOf(name: string): readonly Definition[] {
    const found: Definition[] = [];
    for (const key of this.#byName.get(name) ?? []) {
      const paths = this.#paths.get(key);
      if (paths === undefined) continue;
      const { symbols } = this.#read(key);
      for (const symbol of symbols) {
        if (symbol.name !== name || symbol.kind === 'implementation') continue;
        for (const path of paths) found.push({ ...symbol, path, scope: scopeOf(symbols, symbol) });
      }
    }
    return found.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line));
  }

  close(): void {
    this.#facts.close();
  }

  // Facts come once for each key, so that a name that a file defines twice has that key last.
  #addNames(key: string, { symbols }: FileFacts): void {
    for (const { name } of symbols) {
      const keys = this.#byName.get(name);
      if (keys === undefined) this.#byName.set(name, [key]);
      else if (keys.at(-1) !== key) keys.push(key);
    }
  }

  #read(key: string): FileFacts {
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const facts = this.#facts.read(key) ?? NOTHING;
    this.#kept.set(key, facts);
    return facts;
  }
}

const NOTHING: FileFacts = { symbols: [], imports: [] };

function keyOf({ blob, grammar }: ParsedFile): string {
  return factsKey(blob, grammar.id);
}

/** Names of what encloses a definition, outermost first. */
export function scopeOf(symbols: readonly SymbolFact[], symbol: SymbolFact): readonly string[] {
  const scope: string[] = [];
  for (let at = symbol.parent; at >= 0; at = symbols[at]?.parent ?? -1) {
    const name = symbols[at]?.name;
    if (name !== undefined) scope.unshift(name);
  }
  return scope;
}

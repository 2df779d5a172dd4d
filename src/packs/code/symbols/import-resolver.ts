// Which file of the tree an import means. An import that no file answers to is external.
import { dirname, join, normalize } from 'node:path/posix';
import type { ParsedFile, SymbolTable } from './symbol-table.ts';

/** An edge from one file to another, or to something outside. */
export interface Dependency {
  readonly from: string;
  /** A path of the tree, or the name of what is outside. */
  readonly to: string;
  readonly isExternal: boolean;
  readonly line: number;
}

/** Endings tried after a path without one, as the module systems of the language do. */
const SCRIPT_ENDINGS = [
  '',
  '.ts',
  '.tsx',
  '.d.ts',
  '.js',
  '.jsx',
  '.mjs',
  '.cjs',
  '.mts',
  '.cts',
  '/index.ts',
  '/index.tsx',
  '/index.js',
];
/** A file that TypeScript names by what it is compiled to. */
const COMPILED = /\.(m|c)?js(x?)$/;

/** Resolves imports of one state of the tree; made anew when it changes. */
export class ImportResolver {
  readonly #table: SymbolTable;
  /** Paths by their last part without ending, for languages that name modules by a part of the path. */
  readonly #byStem: Map<string, string[]>;
  readonly #folders: ReadonlyMap<string, readonly string[]>;
  readonly #known = new Map<string, readonly Dependency[]>();

  constructor(table: SymbolTable) {
    this.#table = table;
    this.#byStem = new Map();
    for (const { path } of table.files) {
      const stem = stemOf(path);
      const same = this.#byStem.get(stem);
      if (same === undefined) this.#byStem.set(stem, [path]);
      else same.push(path);
    }
    this.#folders = Map.groupBy(
      table.files.map(({ path }) => path),
      dirname,
    );
  }

  /** What a file imports, in its order. */
  dependenciesOf(path: string): readonly Dependency[] {
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    const file = this.#table.file(path);
    const found: Dependency[] = [];
    if (file !== undefined) {
      for (const { source, line } of this.#table.factsOf(path).imports) {
        const targets = this.#resolve(file, source).filter((target) => target !== path);
        if (targets.length === 0) found.push({ from: path, to: source, isExternal: true, line });
        for (const to of targets) found.push({ from: path, to, isExternal: false, line });
      }
    }
    this.#known.set(path, found);
    return found;
  }

  /** Files of the tree that a file imports. */
  importedBy(path: string): readonly string[] {
    return this.dependenciesOf(path)
      .filter(({ isExternal }) => !isExternal)
      .map(({ to }) => to);
  }

  #resolve(file: ParsedFile, source: string): readonly string[] {
    switch (file.grammar.id) {
      case 'javascript':
      case 'typescript':
      case 'tsx':
        return this.#script(file.path, source);
      case 'python':
        return this.#python(file.path, source);
      case 'go':
        return this.#byFolder(source);
      case 'java':
      case 'php':
        return this.#bySuffix(source.replace(/[.\\]/g, '/').replace(/\/\*$/, ''), file);
      case 'rust':
        return this.#rust(file.path, source);
      default:
        return this.#relative(file.path, source);
    }
  }

  #script(path: string, source: string): readonly string[] {
    if (!source.startsWith('.')) return [];
    const base = join(dirname(path), source);
    const stems = COMPILED.test(base) ? [base, base.replace(COMPILED, '.$1ts$2')] : [base];
    return this.#first(stems.flatMap((stem) => SCRIPT_ENDINGS.map((ending) => stem + ending)));
  }

  #python(path: string, source: string): readonly string[] {
    const dots = /^\.*/.exec(source)?.[0].length ?? 0;
    const rest = source.slice(dots).replaceAll('.', '/');
    if (dots === 0) {
      const near = this.#first(pythonFiles(join(dirname(path), rest)));
      return near.length > 0 ? near : this.#endingWith(pythonFiles(rest));
    }
    let folder = dirname(path);
    for (let up = 1; up < dots; up++) folder = dirname(folder);
    return this.#first(pythonFiles(rest === '' ? folder : join(folder, rest)));
  }

  /** `use a::b::C` may name an item of a module, so shorter paths are tried too. */
  #rust(path: string, source: string): readonly string[] {
    const steps = source
      .replace(/\{.*$/s, '')
      .split('::')
      .map((step) => step.trim())
      .filter((step) => step !== '' && step !== '*');
    const own = dirname(path);
    if (steps.length === 1 && steps[0] !== undefined) {
      const child = /\/(mod|lib|main)\.rs$|^(mod|lib|main)\.rs$/.test(path) ? own : join(own, stemOf(path));
      const found = this.#first(rustFiles(join(child, steps[0])));
      if (found.length > 0) return found;
    }
    const relative = steps.filter((step) => step !== 'crate' && step !== 'self' && step !== 'super');
    if (relative.length === steps.length) return [];
    for (let count = relative.length; count > 0; count--) {
      const found = this.#endingWith(rustFiles(relative.slice(0, count).join('/')));
      if (found.length > 0) return found;
    }
    return [];
  }

  #relative(path: string, source: string): readonly string[] {
    const near = this.#first([join(dirname(path), source), `${join(dirname(path), source)}.rb`]);
    return near.length > 0 ? near : this.#endingWith([source, `${source}.rb`]);
  }

  #bySuffix(source: string, { path }: ParsedFile): readonly string[] {
    const ending = path.slice(path.lastIndexOf('.'));
    const steps = source.split('/').filter((step) => step !== '');
    for (let from = 0; from < steps.length - 1 || from === 0; from++) {
      const found = this.#endingWith([steps.slice(from).join('/') + ending]);
      if (found.length > 0) return found;
    }
    return [];
  }

  /** A package of Go is a folder; its import path ends with that folder's. */
  #byFolder(source: string): readonly string[] {
    const steps = source.split('/');
    // Only the standard library has no domain in its first step; of those one step says too little.
    const least = steps[0]?.includes('.') === true ? 1 : 2;
    for (let from = 1; steps.length - from >= least; from++) {
      const files = this.#folders.get(steps.slice(from).join('/'))?.filter((path) => path.endsWith('.go'));
      if (files !== undefined && files.length > 0) return files;
    }
    return [];
  }

  #first(candidates: readonly string[]): readonly string[] {
    const found = candidates
      .map((path) => normalize(path))
      .find((path) => this.#table.file(path) !== undefined);
    return found === undefined ? [] : [found];
  }

  #endingWith(suffixes: readonly string[]): readonly string[] {
    for (const suffix of suffixes) {
      const clean = normalize(suffix);
      const found = (this.#byStem.get(stemOf(clean)) ?? []).filter(
        (path) => path === clean || path.endsWith(`/${clean}`),
      );
      if (found.length === 1) return found;
      // Several files end alike: the shallowest is what the name most likely means.
      if (found.length > 1) return found.toSorted((a, b) => a.length - b.length).slice(0, 1);
    }
    return [];
  }
}

function stemOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.indexOf('.');
  return dot <= 0 ? name : name.slice(0, dot);
}

function pythonFiles(path: string): readonly string[] {
  return [`${path}.py`, `${path}/__init__.py`, `${path}.pyi`];
}

function rustFiles(path: string): readonly string[] {
  return [`${path}.rs`, `${path}/mod.rs`];
}

// Which languages are parsed, by which grammar and query, and how their files tell what may be used from outside.
import { createRequire } from 'node:module';
import { languageOf } from '../languages.ts';
import { blankMacros } from './macro-blanks.ts';
import { C_SHARP_QUERY } from './queries/c-sharp.ts';
import { CPP_QUERY } from './queries/cpp.ts';
import { GO_QUERY } from './queries/go.ts';
import { JAVA_QUERY } from './queries/java.ts';
import { PHP_QUERY } from './queries/php.ts';
import { PYTHON_QUERY } from './queries/python.ts';
import { RUBY_QUERY } from './queries/ruby.ts';
import { RUST_QUERY } from './queries/rust.ts';
import { BASH_QUERY, CSS_QUERY } from './queries/shell.ts';
import {
  COMMONJS_MARK,
  COMMONJS_QUERY,
  JAVASCRIPT_ONLY_QUERY,
  TYPESCRIPT_QUERY,
} from './queries/typescript.ts';
import { DOCUMENT_LANGUAGES } from './scan/document-languages.ts';
import { FUNCTIONAL_LANGUAGES } from './scan/functional-languages.ts';
import { PROGRAM_LANGUAGES } from './scan/program-languages.ts';
import { CPP_PATTERNS, SHELL_PATTERNS } from './scan/rescue-patterns.ts';
import type { ScanLanguage } from './scan/scan-language.ts';

/** How a definition shows that it may be used from outside its file. */
export type ExportRule = 'keyword' | 'capital' | 'no-underscore' | 'modifier' | 'not-static' | 'always';

/** How one language is read. */
export interface Grammar {
  /** Name of its file, `tree-sitter-<id>.wasm`; of a language that is read by patterns `scan-<language>`. */
  readonly id: string;
  readonly query: string;
  readonly exports: ExportRule;
  /** Patterns that match nothing in a text without the mark, and take long to compile. */
  readonly rare?: { readonly mark: RegExp; readonly query: string };
  /** Set where no grammar is published: the patterns that stand in for it. */
  readonly scan?: ScanLanguage;
  /** Takes out of a text that the grammar cannot read what keeps it from it; every position stays. */
  readonly mend?: (text: string) => string;
  /** Patterns that find what a text has where the grammar cannot read it. */
  readonly rescue?: ScanLanguage;
}

const grammar = (id: string, query: string, exports: ExportRule): Grammar => ({ id, query, exports });

const scripts = (id: string, query: string): Grammar => ({
  ...grammar(id, query, 'keyword'),
  rare: { mark: COMMONJS_MARK, query: COMMONJS_QUERY },
});

const TSX = scripts('tsx', TYPESCRIPT_QUERY);
const CPP = { ...grammar('cpp', CPP_QUERY, 'not-static'), mend: blankMacros, rescue: CPP_PATTERNS };

/** By language; C is read by the grammar of C++, of which no part of it is published without an install script. */
const GRAMMARS: Readonly<Record<string, Grammar>> = {
  javascript: scripts('javascript', JAVASCRIPT_ONLY_QUERY),
  typescript: scripts('typescript', TYPESCRIPT_QUERY),
  python: grammar('python', PYTHON_QUERY, 'no-underscore'),
  go: grammar('go', GO_QUERY, 'capital'),
  java: grammar('java', JAVA_QUERY, 'modifier'),
  rust: grammar('rust', RUST_QUERY, 'modifier'),
  c: CPP,
  cpp: CPP,
  c_sharp: grammar('c-sharp', C_SHARP_QUERY, 'modifier'),
  ruby: grammar('ruby', RUBY_QUERY, 'always'),
  php: grammar('php', PHP_QUERY, 'modifier'),
  bash: { ...grammar('bash', BASH_QUERY, 'always'), rescue: SHELL_PATTERNS },
  css: grammar('css', CSS_QUERY, 'always'),
};

/** Raised when patterns change so that files have to be read again. */
const SCAN_VERSION = 3;

const SCANNED: Readonly<Record<string, Grammar>> = Object.fromEntries(
  Object.entries({ ...PROGRAM_LANGUAGES, ...FUNCTIONAL_LANGUAGES, ...DOCUMENT_LANGUAGES }).map(
    ([language, scan]) => [language, { ...grammar(`scan-${language}.${SCAN_VERSION}`, '', 'always'), scan }],
  ),
);

/** Languages whose definitions are found by patterns. */
export const SCANNED_LANGUAGES: readonly string[] = Object.keys(SCANNED);

/** Languages whose symbols are read by a grammar. */
export const PARSED_LANGUAGES: readonly string[] = Object.keys(GRAMMARS);

/** The grammar of a file by its name; undefined where its language is not parsed. */
export function grammarOf(path: string): Grammar | undefined {
  if (path.endsWith('.tsx')) return TSX;
  const language = languageOf(path);
  return GRAMMARS[language] ?? SCANNED[language];
}

const require = createRequire(import.meta.url);

/** Path of a grammar's compiled form. */
export function grammarFile({ id }: Grammar): string {
  return require.resolve(`@vscode/tree-sitter-wasm/wasm/tree-sitter-${id}.wasm`);
}

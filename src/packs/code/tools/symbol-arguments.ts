// Arguments and forms that the tools about symbols share.
import type { JsonObject } from '../../../tool.ts';
import type { SettledRepository } from '../repositories/repositories.ts';
import type { SymbolFact, SymbolKind } from '../symbols/facts.ts';
import type { FoundSymbol } from '../symbols/symbol-messages.ts';

export const SYMBOL: JsonObject = {
  type: 'string',
  minLength: 1,
  maxLength: 200,
  description: 'Name of the symbol, without its scope.',
};
export const REPOSITORY: JsonObject = {
  type: 'string',
  maxLength: 1000,
  description: 'Only this repository: name, id or path.',
};
export const FILE_PATTERN: JsonObject = {
  type: 'string',
  maxLength: 500,
  default: '*',
  description: 'Glob of the files to look at, such as *.ts or src/**.',
};

/** What callers may ask for, and the kinds that it stands for. */
export const SYMBOL_TYPES: Readonly<Record<string, readonly SymbolKind[] | undefined>> = {
  function: ['function', 'macro'],
  class: ['class', 'struct', 'interface', 'enum', 'type'],
  variable: ['variable', 'constant', 'field'],
  method: ['method'],
  any: undefined,
};

/** A glob as given; undefined for one that means every file. */
export function patternOf(args: JsonObject): string | undefined {
  return typeof args.file_pattern === 'string' && args.file_pattern !== '*' ? args.file_pattern : undefined;
}

/** A text argument, or undefined. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A definition as it is answered (spec code §3). */
export function toMatch(symbol: FoundSymbol, repository: SettledRepository) {
  const { name, kind, language, signature, doc, path, line, lineStart, lineEnd, scope, score } = symbol;
  return {
    name,
    kind,
    language,
    signature,
    documentation: doc,
    file_path: path,
    line_number: line,
    span: [lineStart, lineEnd],
    repository: repository.name,
    score,
    context: {
      accessibility: symbol.visibility,
      scope: scope.join('.'),
      is_exported: symbol.isExported,
      is_local: symbol.isLocal,
    },
  };
}

/** One line about a definition: where it is, and what it looks like. */
export function symbolLine({ path, line, lineStart, lineEnd, kind, signature }: FoundSymbol): string {
  return `${path}:${line} ${kind} (lines ${lineStart}-${lineEnd})\n  ${signature}`;
}

/** Which lines to read to see the whole of a symbol. */
export function usageHint(
  path: string,
  { lineStart, lineEnd }: Pick<SymbolFact, 'lineStart' | 'lineEnd'>,
): string {
  return `Read lines ${lineStart}-${lineEnd} of ${path} for the whole definition.`;
}

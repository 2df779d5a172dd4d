// code://symbol/{name}: the definitions of a name, each with its code.
import { parseUriTemplate } from '../../../handlers/content/uri-template.ts';
import type { JsonObject, ResourceTemplate } from '../../../tool.ts';
import { CodeRefusal } from '../code-tool.ts';
import { compileGlob } from '../index/intake/glob.ts';
import { findLanguage } from '../languages.ts';
import type { RepositoriesOf, SettledRepository } from '../repositories/repositories.ts';
import type { FoundSymbol } from '../symbols/symbol-messages.ts';
import { SYMBOL_TYPES, toMatch } from '../tools/symbol-arguments.ts';
import { completeNames, completePaths, completeSymbols } from './complete.ts';
import { jsonContent, reading, variable } from './resource-answer.ts';

const URI = 'code://symbol/{name}{?file,kind,language,repository}';
const template = parseUriTemplate(URI);

/** Definitions looked at; names with more are narrowed by `file` or `kind`. */
const DEFINITIONS_MAX = 500;
/** Definitions shown, and lines of the code of each. */
const SHOWN_MAX = 20;
const CODE_LINES_MAX = 200;

/** Makes the template over the repositories of one server. */
export function symbolTemplate(of: RepositoriesOf): ResourceTemplate {
  return {
    spec: Object.freeze({
      uriTemplate: URI,
      name: 'code-symbol',
      title: 'Symbol',
      description: 'Definitions of a name with signature, documentation and code; file is a path or a glob.',
      mimeType: 'application/json',
    }),
    match: template.match,
    read: reading(async ({ args, principal }) => {
      const name = variable(args, 'name') ?? '';
      const isWanted = filterOf(args);
      const places: { readonly repository: SettledRepository; readonly symbol: FoundSymbol }[] = [];
      for (const repository of await of({ principal }).readySymbols(variable(args, 'repository'))) {
        const { symbols } = await repository.symbols.lookup({ name, exact: true, limit: DEFINITIONS_MAX });
        places.push(...symbols.filter(isWanted).map((symbol) => ({ repository, symbol })));
      }
      if (places.length === 0)
        throw new CodeRefusal(
          'unknown_symbol',
          `There is no such definition of ${name} in the indexed source.`,
        );
      const matches = await Promise.all(
        places.slice(0, SHOWN_MAX).map(async ({ repository, symbol }) => ({
          ...toMatch(symbol, repository),
          code: await codeOf(repository, symbol),
        })),
      );
      return jsonContent(args.uri, { symbol: name, total_matches: places.length, matches });
    }),
    complete(name, value, _context, by) {
      if (name === 'name') return completeSymbols(of(by), value);
      return name === 'file' ? completePaths(of(by), value) : completeNames(of(by), name, value);
    },
  };
}

/** @throws CodeRefusal `invalid_arguments` for a language that is not known. */
function filterOf(args: JsonObject): (symbol: FoundSymbol) => boolean {
  const [file, kind, named] = ['file', 'kind', 'language'].map((name) => variable(args, name));
  const language = named === undefined ? undefined : findLanguage(named)?.id;
  if (named !== undefined && language === undefined)
    throw new CodeRefusal('invalid_arguments', `'${named}' is no language that this server knows.`);
  const kinds: readonly string[] | undefined =
    kind === undefined || kind === 'any' ? undefined : [kind, ...(SYMBOL_TYPES[kind] ?? [])];
  const glob = file === undefined ? undefined : compileGlob(file.includes('/') ? file : `**/${file}`);
  return (symbol) =>
    (file === undefined || symbol.path === file || glob?.(symbol.path) === true) &&
    (kinds === undefined || kinds.includes(symbol.kind)) &&
    (language === undefined || symbol.language === language);
}

async function codeOf(repository: SettledRepository, { path, lineStart, lineEnd }: FoundSymbol) {
  const to = Math.min(lineEnd, lineStart + CODE_LINES_MAX - 1);
  const [lines = []] = await repository.index.text.excerpts([{ path, from: lineStart, to }]);
  return lines.join('\n');
}

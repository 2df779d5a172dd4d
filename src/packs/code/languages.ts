// The languages that the pack knows by file name (spec code §8).

/** One language: its files by extension, or by whole name. */
export interface Language {
  readonly id: string;
  /** With the dot, lower case unless the case decides. */
  readonly extensions: readonly string[];
  readonly names?: readonly string[];
}

const language = (id: string, extensions: string, names?: string): Language => ({
  id,
  extensions: extensions === '' ? [] : extensions.split(' '),
  ...(names === undefined ? {} : { names: names.split(' ') }),
});

/** In the order of the specification; where an extension is shared, the first language has it. */
export const LANGUAGES: readonly Language[] = [
  language('c', '.c .h'),
  language('cpp', '.cpp .cc .cxx .c++ .hpp .hh .hxx .h++'),
  language('rust', '.rs'),
  language('go', '.go'),
  language('python', '.py .pyw'),
  language('javascript', '.js .mjs .cjs .jsx'),
  language('typescript', '.ts .tsx .mts .cts'),
  language('ruby', '.rb .rake', 'Rakefile Gemfile'),
  language('php', '.php .php3 .php4 .php5 .phtml'),
  language('perl', '.pl .pm .t'),
  language('lua', '.lua'),
  language('bash', '.sh .bash .zsh .fish'),
  language('java', '.java'),
  language('kotlin', '.kt .kts'),
  language('scala', '.scala .sc'),
  language('c_sharp', '.cs'),
  language('haskell', '.hs .lhs'),
  language('ocaml', '.ml .mli'),
  language('elixir', '.ex .exs'),
  language('erlang', '.erl .hrl'),
  language('elm', '.elm'),
  language('html', '.html .htm .xhtml'),
  language('css', '.css'),
  language('scss', '.scss'),
  language('json', '.json .jsonc'),
  language('yaml', '.yaml .yml'),
  language('toml', '.toml'),
  language('xml', '.xml .xsd .xsl'),
  language('dockerfile', '.dockerfile', 'Dockerfile'),
  language('make', '.mk', 'Makefile GNUmakefile'),
  language('cmake', '.cmake', 'CMakeLists.txt'),
  language('sql', '.sql'),
  language('graphql', '.graphql .gql'),
  language('swift', '.swift'),
  language('objc', '.m .mm'),
  language('dart', '.dart'),
  language('r', '.r .R'),
  language('julia', '.jl'),
  language('matlab', '.m'),
  language('fortran', '.f .f90 .f95 .f03 .f08'),
  language('markdown', '.md .markdown'),
  language('plaintext', '.txt .text .log', '.gitignore .dockerignore .npmignore'),
  language('rst', '.rst'),
  language('latex', '.tex .ltx'),
  language('vim', '.vim .vimrc'),
  language('regex', '.regex'),
  language('csv', '.csv .tsv'),
  language('assembly', '.s .S .asm'),
];

const ALIASES: Readonly<Record<string, string>> = {
  'c++': 'cpp',
  'c#': 'c_sharp',
  csharp: 'c_sharp',
  js: 'javascript',
  ts: 'typescript',
  tsx: 'typescript',
  py: 'python',
  sh: 'bash',
};

const byId = new Map(LANGUAGES.map((one) => [one.id, one]));
const byExtension = new Map<string, string>();
const byName = new Map<string, string>();
for (const { id, extensions, names } of LANGUAGES) {
  for (const extension of extensions) if (!byExtension.has(extension)) byExtension.set(extension, id);
  for (const name of names ?? []) byName.set(name, id);
}

/** A language by its id or a usual other name; undefined for one that is not known. */
export function findLanguage(name: string): Language | undefined {
  const lower = name.toLowerCase();
  return byId.get(ALIASES[lower] ?? lower);
}

/** The language of a file by its name; `plaintext` where nothing else is known. */
export function languageOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  const extension = dot < 0 ? '' : name.slice(dot);
  return (
    byName.get(name) ?? byExtension.get(extension) ?? byExtension.get(extension.toLowerCase()) ?? 'plaintext'
  );
}

/** Globs of the files of a language. */
export function globsOf({ extensions, names }: Language): readonly string[] {
  return [...extensions.map((extension) => `*${extension}`), ...(names ?? [])];
}

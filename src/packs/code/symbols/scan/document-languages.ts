// Documents, data, builds and queries that are read by patterns.
import { anyCase, LIKE_C, LIKE_SHELL, PLAIN, rawRule, rule, type ScanLanguage } from './scan-language.ts';

const markdown: ScanLanguage = {
  ...PLAIN,
  blockComments: [
    ['```', '```'],
    ['~~~', '~~~'],
    ['<!--', '-->'],
  ],
  extent: 'heading',
  imports: /\]\((?<name>[^)#\s:]+\.[a-z]+)(?:#[^)\s]*)?\)/g,
  rules: [
    rule('heading', '^ {0,3}#{1,6}[ \\t]+(?<name>[^\\n]*?)(?=[ \\t]*#*[ \\t]*$)'),
    rule('heading', '^(?![ \\t]*[-*>|])(?<name>\\S[^\\n]*)\\n(?:=+|-{2,})[ \\t]*$'),
  ],
};

const rst: ScanLanguage = {
  ...PLAIN,
  extent: 'heading',
  imports: /^\.\. include::[ \t]+(?<name>\S+)/gm,
  rules: [
    rule('heading', '^(?<name>\\S[^\\n]*)\\n([=\\-~^"\'`#*+:._])\\2{2,}[ \\t]*$'),
    rule('target', '^\\.\\. _(?<name>[^:\\n]+):'),
  ],
};

const html: ScanLanguage = {
  ...PLAIN,
  blockComments: [['<!--', '-->']],
  extent: 'heading',
  imports: /\b(?:src|href)=["'](?<name>[^"'#?:\s]+\.[a-z]+)["']/g,
  rules: [
    anyCase('heading', '<h[1-6]\\b[^>]{0,300}>\\s{0,50}(?:<[^>]{1,300}>\\s{0,50}){0,4}(?<name>[^<\\n]+)'),
    anyCase('heading', '<title\\b[^>]{0,300}>\\s{0,50}(?<name>[^<\\n]+)'),
    anyCase('key', '<[a-z][\\w-]*\\b[^>]{0,500}?\\b(?:id|name)=["\'](?<name>[^"\']+)["\']'),
  ],
};

const latex: ScanLanguage = {
  ...PLAIN,
  lineComments: ['%'],
  extent: 'heading',
  imports: /\\(?:input|include|usepackage)(?:\[[^\]]*\])?\{(?<name>[^}\n,]+)/g,
  rules: [
    rule(
      'heading',
      '\\\\(?:part|chapter|section|subsection|subsubsection|paragraph)\\*?(?:\\[[^\\]]*\\])?\\{(?<name>[^}\\n]+)',
    ),
    rule('macro', '\\\\(?:re)?newcommand\\*?\\{?\\\\(?<name>\\w+)'),
    rule('macro', '\\\\(?:re)?newenvironment\\*?\\{(?<name>[\\w*]+)'),
    rule('macro', '\\\\def\\\\(?<name>\\w+)'),
    rule('target', '\\\\label\\{(?<name>[^}\\n]+)'),
  ],
};

const xml: ScanLanguage = {
  ...PLAIN,
  blockComments: [['<!--', '-->']],
  extent: 'line',
  rules: [rule('key', '<[\\w:.-]+\\b[^>]{0,500}?\\b(?:xml:)?(?:id|name)=["\'](?<name>[^"\']+)["\']')],
};

const json: ScanLanguage = {
  ...PLAIN,
  extent: 'indent',
  rules: [rawRule('key', '^[ \\t]*(?:\\{[ \\t]*)?"(?<name>(?:[^"\\\\\\n]|\\\\.)+)"[ \\t]*:')],
};

const yaml: ScanLanguage = {
  ...PLAIN,
  lineComments: ['# '],
  extent: 'indent',
  rules: [
    rule('key', '^[ \\t]*(?:-[ \\t]+)*["\']?(?<name>[\\w.$/@*-][\\w.$/@*: -]*?)["\']?[ \\t]*:(?=[ \\t]|$)'),
  ],
};

const toml: ScanLanguage = {
  ...LIKE_SHELL,
  strings: ['"""', "'''", '"', "'"],
  extent: 'line',
  rules: [
    rawRule('namespace', '^[ \\t]*\\[\\[?[ \\t]*(?<name>[^\\]\\n]+?)[ \\t]*\\]'),
    rawRule('key', '^[ \\t]*["\']?(?<name>[\\w.-]+)["\']?[ \\t]*='),
  ],
};

const scss: ScanLanguage = {
  ...LIKE_C,
  strings: ['"', "'"],
  extent: 'braces',
  imports: /@(?:import|use|forward)[ \t]+['"](?<name>[^'"\n]+)/g,
  rules: [
    rule('macro', '@mixin[ \\t]+(?<name>[\\w-]+)'),
    rule('function', '@function[ \\t]+(?<name>[\\w-]+)'),
    rule('variable', '^[ \\t]*(?<name>\\$[\\w-]+)[ \\t]*:'),
    rule('class', '(?:^|[,{}>+~ \\t&])(?<name>[.#%][A-Za-z_][\\w-]*)(?=[^;{}]{0,500}\\{)'),
  ],
};

const dockerfile: ScanLanguage = {
  ...PLAIN,
  lineComments: ['# '],
  extent: 'line',
  imports: /^FROM[ \t]+(?:--\S+[ \t]+)?(?<name>\S+)/gim,
  rules: [
    anyCase('target', '^FROM[ \\t]+\\S.*[ \\t]AS[ \\t]+(?<name>\\S+)'),
    anyCase('variable', '^(?:ARG|ENV)[ \\t]+(?<name>\\w+)'),
  ],
};

const make: ScanLanguage = {
  ...PLAIN,
  lineComments: ['#'],
  extent: 'line',
  imports: /^-?include[ \t]+(?<name>\S+)/gm,
  rules: [
    rule('macro', '^define[ \\t]+(?<name>[\\w.-]+)'),
    rule(
      'variable',
      '^(?: +|\\t+(?=[\\w.-]+[ \\t]*(?:[:?+]=|=\\S*[ \\t]*$)))?(?:export[ \\t]+|override[ \\t]+)*(?<name>[\\w.-]+)[ \\t]*(?::{1,3}|[?+!])?=',
    ),
    rule('target', '^(?<name>[^\\s:#=$][^\\s:=]*)(?:[ \\t]+[^\\s:=]+)*[ \\t]*::?(?![=:])'),
  ],
};

const cmake: ScanLanguage = {
  ...LIKE_SHELL,
  strings: ['"'],
  extent: 'line',
  imports: /^[ \t]*(?:include|add_subdirectory|find_package)[ \t]*\([ \t]*(?<name>[\w./-]+)/gim,
  rules: [
    anyCase('function', '^[ \\t]*function[ \\t]*\\([ \\t]*(?<name>\\w+)'),
    anyCase('macro', '^[ \\t]*macro[ \\t]*\\([ \\t]*(?<name>\\w+)'),
    anyCase('target', '^[ \\t]*add_(?:executable|library|custom_target)[ \\t]*\\([ \\t]*(?<name>[\\w.:-]+)'),
    anyCase('namespace', '^[ \\t]*project[ \\t]*\\([ \\t]*(?<name>[\\w.-]+)'),
    anyCase('variable', '^[ \\t]*(?:set|option)[ \\t]*\\([ \\t]*(?<name>\\w+)'),
  ],
};

const sqlDefinition = (words: string) =>
  `\\bcreate[ \\t]+(?:or[ \\t]+replace[ \\t]+)?(?:temp(?:orary)?[ \\t]+|unique[ \\t]+|materialized[ \\t]+|global[ \\t]+|local[ \\t]+)*(?:${words})[ \\t]+(?:concurrently[ \\t]+)?(?:if[ \\t]+not[ \\t]+exists[ \\t]+)?(?:["\`\\[]?\\w+["\`\\]]?\\.)?["\`\\[]?(?<name>\\w+)`;

const sql: ScanLanguage = {
  lineComments: ['--'],
  blockComments: [['/*', '*/']],
  strings: ["'"],
  extent: 'braces',
  rules: [
    anyCase('struct', sqlDefinition('table|view')),
    anyCase('function', sqlDefinition('function|procedure|trigger')),
    anyCase('constant', sqlDefinition('index|sequence')),
    anyCase('type', sqlDefinition('type|domain')),
    anyCase('namespace', sqlDefinition('schema|database')),
  ],
};

const graphql: ScanLanguage = {
  ...LIKE_SHELL,
  strings: ['"""', '"'],
  extent: 'braces',
  rules: [
    rule('interface', '^[ \\t]*(?:extend[ \\t]+)?interface[ \\t]+(?<name>\\w+)'),
    rule('enum', '^[ \\t]*(?:extend[ \\t]+)?enum[ \\t]+(?<name>\\w+)'),
    rule('class', '^[ \\t]*(?:extend[ \\t]+)?(?:type|input)[ \\t]+(?<name>\\w+)'),
    rule('type', '^[ \\t]*(?:extend[ \\t]+)?(?:union|scalar)[ \\t]+(?<name>\\w+)'),
    rule('macro', '^[ \\t]*directive[ \\t]+@(?<name>\\w+)'),
    rule('function', '^[ \\t]*(?:query|mutation|subscription|fragment)[ \\t]+(?<name>\\w+)'),
    rule('field', '^[ \\t]+(?<name>\\w+)[ \\t]*(?:\\([^)]{0,1000}\\))?[ \\t]*:[ \\t]*[\\w\\[]'),
  ],
};

const csv: ScanLanguage = {
  ...PLAIN,
  extent: 'line',
  isHeadOnly: true,
  rules: [rawRule('field', '(?<name>[^",;\\t\\r\\n]+)')],
};

const regex: ScanLanguage = {
  ...PLAIN,
  extent: 'line',
  rules: [rawRule('field', '\\(\\?P?<(?<name>\\w+)>')],
};

const plaintext: ScanLanguage = {
  ...PLAIN,
  extent: 'heading',
  rules: [rawRule('heading', '^(?<name>\\S[^\\n]*)\\n(?:={3,}|-{3,})[ \\t]*$')],
};

/** By the id of the language. */
export const DOCUMENT_LANGUAGES: Readonly<Record<string, ScanLanguage>> = {
  markdown,
  rst,
  html,
  latex,
  xml,
  json,
  yaml,
  toml,
  scss,
  dockerfile,
  make,
  cmake,
  sql,
  graphql,
  csv,
  regex,
  plaintext,
};

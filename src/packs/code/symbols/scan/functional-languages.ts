// Functional languages that are read by patterns.
import { LIKE_SHELL, rawRule, rule, type ScanLanguage } from './scan-language.ts';

const haskell: ScanLanguage = {
  lineComments: ['--'],
  blockComments: [['{-', '-}']],
  strings: ['"'],
  extent: 'indent',
  imports: /^import[ \t]+(?:safe[ \t]+)?(?:qualified[ \t]+)?(?<name>[\w.]+)/gm,
  rules: [
    rule('namespace', '^module[ \\t]+(?<name>[\\w.]+)'),
    rule(
      'type',
      '^(?:data|newtype|type)[ \\t]+(?:family[ \\t]+|instance[ \\t]+)?(?:[^=\\n]*=>[ \\t]*)?(?<name>[A-Z]\\w*)',
    ),
    rule('interface', '^class[ \\t]+(?:[^\\n]*=>[ \\t]*)?(?<name>[A-Z]\\w*)'),
    rule('implementation', '^instance[ \\t]+(?:[^\\n]*=>[ \\t]*)?(?<name>[A-Z][\\w.]*)'),
    rule('function', "^[ \\t]*(?<name>[a-z_][\\w']*|\\([^\\w\\s)]+\\))[ \\t]*(?:,[^:\\n]*)?::(?!:)"),
    rule('constant', '^[ \\t]+[=|][ \\t]*(?<name>[A-Z]\\w*)'),
  ],
};

const ocaml: ScanLanguage = {
  lineComments: [],
  blockComments: [['(*', '*)']],
  strings: ['"'],
  extent: 'indent',
  imports: /^[ \t]*(?:open|include)[ \t]+(?<name>[\w.]+)/gm,
  rules: [
    rule('interface', '^[ \\t]*module[ \\t]+type[ \\t]+(?<name>\\w+)'),
    rule('namespace', '^[ \\t]*module[ \\t]+(?:rec[ \\t]+)?(?<name>[A-Z]\\w*)'),
    rule(
      'type',
      "^[ \\t]*(?:type|and)[ \\t]+(?:nonrec[ \\t]+)?(?:\\([^)\\n]*\\)[ \\t]*|[+-]?'\\w+[ \\t]+)?(?<name>[a-z_]\\w*)[ \\t]*(?==|$)",
    ),
    rule('class', '^[ \\t]*class[ \\t]+(?:virtual[ \\t]+)?(?:type[ \\t]+)?(?<name>\\w+)'),
    rule('constant', '^[ \\t]*exception[ \\t]+(?<name>\\w+)'),
    rule('method', '^[ \\t]*method[ \\t!]+(?:private[ \\t]+|virtual[ \\t]+)*(?<name>\\w+)'),
    rule('function', '^[ \\t]*(?:val|external)[ \\t]+(?<name>\\w+)'),
    rule('function', "^(?:let|and)[ \\t]+(?:rec[ \\t]+)?(?<name>[a-z_][\\w']*|\\([^)\\n]+\\))"),
    rule('function', "^[ \\t]+let[ \\t]+(?:rec[ \\t]+)?(?<name>[a-z_][\\w']*)(?![^\\n]*\\bin\\b)[^=\\n]+="),
    rule('constant', '^[ \\t]*\\|[ \\t]*(?<name>[A-Z]\\w*)(?:[ \\t]+of\\b|[ \\t]*$)'),
  ],
};

const elixir: ScanLanguage = {
  ...LIKE_SHELL,
  strings: ['"""', '"'],
  extent: 'end',
  hidden: /^[ \t]*def(?:macro|guard)?p\b/,
  imports: /^[ \t]*(?:alias|import|use|require)[ \t]+(?<name>[A-Z][\w.]*)/gm,
  rules: [
    rule('namespace', '^[ \\t]*defmodule[ \\t]+(?<name>[\\w.]+)'),
    rule('interface', '^[ \\t]*defprotocol[ \\t]+(?<name>[\\w.]+)'),
    rule('implementation', '^[ \\t]*defimpl[ \\t]+(?<name>[\\w.]+)'),
    rule('function', '^[ \\t]*defp?[ \\t]+(?<name>[a-z_]\\w*[!?]?)'),
    rule('macro', '^[ \\t]*def(?:macro|guard|delegate)p?[ \\t]+(?<name>[a-z_]\\w*[!?]?)'),
    rule('type', '^[ \\t]*@(?:type|typep|opaque)[ \\t]+(?<name>\\w+)'),
    rule('function', '^[ \\t]*@(?:callback|macrocallback)[ \\t]+(?<name>\\w+[!?]?)'),
    rule(
      'constant',
      '^[ \\t]*@(?!moduledoc|doc|spec|impl|type|typep|opaque|callback|behaviour|derive|enforce_keys|before_compile|after_compile|on_load|dialyzer|compile|tag|moduletag|describetag)(?<name>[a-z_]\\w*)[ \\t]+[^\\s]',
    ),
    rule('struct', '^[ \\t]*(?<name>defstruct|defexception)\\b'),
  ],
};

const erlang: ScanLanguage = {
  lineComments: ['%'],
  blockComments: [],
  strings: ['"'],
  extent: 'line',
  imports: /^-(?:include|include_lib|import|behaviou?r)\([ \t]*"?(?<name>[\w./]+)/gm,
  rules: [
    rule('namespace', '^-module\\([ \\t]*(?<name>\\w+)'),
    rule('struct', '^-record\\([ \\t]*(?<name>\\w+)'),
    rule('macro', '^-define\\([ \\t]*(?<name>\\w+)'),
    rule('type', '^-(?:type|opaque)[ \\t]+(?<name>\\w+)'),
    // The first clause only: the others follow one that ends with a semicolon.
    rule(
      'function',
      "(?<!;[ \\t]{0,20}\\n[ \\t\\n]{0,100})^(?<name>[a-z][\\w@]*|'[^'\\n]+')\\([^\\n]*?(?:->|\\bwhen\\b|$)",
    ),
  ],
};

const elm: ScanLanguage = {
  lineComments: ['--'],
  blockComments: [['{-', '-}']],
  strings: ['"""', '"'],
  extent: 'indent',
  imports: /^import[ \t]+(?<name>[\w.]+)/gm,
  rules: [
    rule('namespace', '^(?:port[ \\t]+|effect[ \\t]+)?module[ \\t]+(?<name>[\\w.]+)'),
    rule('type', '^type[ \\t]+(?:alias[ \\t]+)?(?<name>[A-Z]\\w*)'),
    rule('function', '^(?:port[ \\t]+)?(?<name>[a-z]\\w*)[ \\t]*:(?!:)'),
    rule('constant', '^[ \\t]+[=|][ \\t]*(?<name>[A-Z]\\w*)'),
    rawRule(
      'function',
      '(?<![ \\t]:[^\\n]*\\n)^(?!module|import|type|port|effect|infix)(?<name>[a-z]\\w*)(?:[ \\t]+[\\w{(,}). ]+)?[ \\t]*=(?!=)',
    ),
  ],
};

/** By the id of the language. */
export const FUNCTIONAL_LANGUAGES: Readonly<Record<string, ScanLanguage>> = {
  haskell,
  ocaml,
  elixir,
  erlang,
  elm,
};

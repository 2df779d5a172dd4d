// Languages of programs that are read by patterns.
import { anyCase, LIKE_C, LIKE_SHELL, looseRule, rawRule, rule, type ScanLanguage } from './scan-language.ts';

/** Annotations and lower-case words before a definition. */
const WORDS = '(?:(?:@[\\w.:]+(?:\\([^)\\n]*\\))?|[a-z]+(?:\\([a-z]+\\))?)[ \\t]+)*?';
const GENERIC = '(?:<[^>\\n]*>[ \\t]*)?';
const HIDDEN = /\b(?:private|fileprivate)\b/;

const kotlin: ScanLanguage = {
  ...LIKE_C,
  extent: 'braces',
  hidden: HIDDEN,
  imports: /^import[ \t]+(?<name>[\w.]+)/gm,
  rules: [
    rule('enum', `^[ \\t]*${WORDS}enum[ \\t]+class[ \\t]+(?<name>\\w+)`),
    rule('interface', `^[ \\t]*${WORDS}interface[ \\t]+(?<name>\\w+)`),
    rule('class', `^[ \\t]*${WORDS}(?:class|object)[ \\t]+(?<name>\\w+)`),
    rule(
      'function',
      `^[ \\t]*${WORDS}fun[ \\t]+${GENERIC}(?:[\\w<>?,. ]+\\.)?(?<name>\`[^\`\\n]+\`|\\w+)[ \\t]*\\(`,
    ),
    rule('type', `^[ \\t]*${WORDS}typealias[ \\t]+(?<name>\\w+)`),
    rule('constant', '^[ \\t]*(?:[a-z]+[ \\t]+)*const[ \\t]+val[ \\t]+(?<name>\\w+)'),
    rule('variable', `^[ \\t]*${WORDS}va[lr][ \\t]+${GENERIC}(?:[\\w<>?]+\\.)?(?<name>\\w+)`),
    rule('constant', '^[ \\t]+(?<name>[A-Z][A-Z0-9_]+)(?=[ \\t]*(?:\\([^\\n]*\\))?[ \\t]*[,;]?[ \\t]*$)'),
  ],
};

const swift: ScanLanguage = {
  ...LIKE_C,
  extent: 'braces',
  hidden: HIDDEN,
  imports: /^import[ \t]+(?:\w+[ \t]+)?(?<name>[\w.]+)/gm,
  rules: [
    rule('struct', `^[ \\t]*${WORDS}struct[ \\t]+(?<name>\\w+)`),
    rule('enum', `^[ \\t]*${WORDS}enum[ \\t]+(?<name>\\w+)`),
    rule('interface', `^[ \\t]*${WORDS}protocol[ \\t]+(?<name>\\w+)`),
    rule('function', `^[ \\t]*${WORDS}func[ \\t]+(?<name>\\w+|[-+*/<>=!&|^~%]+)`),
    rule('class', `^[ \\t]*${WORDS}(?:class|actor)[ \\t]+(?!func\\b|var\\b)(?<name>\\w+)`),
    rule('implementation', `^[ \\t]*${WORDS}extension[ \\t]+(?<name>[\\w.]+)`),
    rule('method', `^[ \\t]*${WORDS}(?<name>init|deinit|subscript)[?!]?[ \\t]*[(<{]`),
    rule('type', `^[ \\t]*${WORDS}(?:typealias|associatedtype)[ \\t]+(?<name>\\w+)`),
    rule('variable', `^[ \\t]*${WORDS}(?:let|var)[ \\t]+(?<name>\\w+)`),
    rule('constant', '^[ \\t]*(?:indirect[ \\t]+)?case[ \\t]+(?<name>\\w+)(?![^\\n]*:[ \\t]*$)'),
  ],
};

const dart: ScanLanguage = {
  ...LIKE_C,
  strings: ["'''", '"""', "'", '"'],
  extent: 'braces',
  hidden: /\b_\w+[ \t]*[({;=]|(?:class|enum|mixin)[ \t]+_/,
  imports: /^import[ \t]+['"](?<name>[^'"\n]+)['"]/gm,
  rules: [
    rule('enum', '^[ \\t]*enum[ \\t]+(?<name>\\w+)'),
    rule(
      'class',
      '^[ \\t]*(?:(?:abstract|base|final|sealed|interface|mixin)[ \\t]+)*(?:class|mixin)[ \\t]+(?<name>\\w+)',
    ),
    rule('implementation', '^[ \\t]*extension[ \\t]+(?<name>\\w+)[ \\t]+on\\b'),
    rule('type', '^[ \\t]*typedef[ \\t]+(?:[\\w<>]+[ \\t]+)?(?<name>\\w+)'),
    looseRule(
      'function',
      '^[ \\t]*(?:(?:static|external|const|factory|late)[ \\t]+)*(?:[\\w<>,?\\[\\].]+[ \\t]+)*(?:get[ \\t]+|set[ \\t]+)?(?<name>\\w+(?:\\.\\w+)?)[ \\t]*(?:<[^>\\n]*>)?\\((?:[^;{}()]|\\{[^{}]{0,500}\\}|\\([^()]{0,500}\\)){0,1000}\\)[ \\t]*(?:async\\*?[ \\t]*|sync\\*[ \\t]*)?(?:\\{|=>)',
    ),
    looseRule(
      'function',
      '^[ \\t]*(?:static[ \\t]+)?[\\w<>?,]+[ \\t]+get[ \\t]+(?<name>\\w+)[ \\t]*(?:\\{|=>)',
    ),
    looseRule(
      'method',
      '^[ \\t]+(?:const[ \\t]+|factory[ \\t]+)?(?<name>[A-Z]\\w*(?:\\.\\w+)?)\\([^;{}]{0,1000}\\)[ \\t]*(?::[^;{]{0,1000})?;',
    ),
    rule('constant', '^[ \\t]*(?:static[ \\t]+)?const[ \\t]+(?:[\\w<>?,]+[ \\t]+)?(?<name>\\w+)[ \\t]*='),
    looseRule(
      'variable',
      '^[ \\t]*(?:(?:static|late|final|var)[ \\t]+)+(?:[\\w<>?,]+[ \\t]+)?(?<name>\\w+)[ \\t]*[=;]',
    ),
    looseRule(
      'variable',
      '^[ \\t]*(?!return|throw|await|yield|import|export|part|library)[\\w<>?,]+[ \\t]+(?<name>\\w+)[ \\t]*(?:=[^=>]|;)',
    ),
  ],
};

const scala: ScanLanguage = {
  ...LIKE_C,
  extent: 'braces',
  hidden: /\bprivate\b/,
  imports: /^[ \t]*import[ \t]+(?<name>[\w.]+)/gm,
  rules: [
    rule('interface', `^[ \\t]*${WORDS}trait[ \\t]+(?<name>\\w+)`),
    rule('enum', `^[ \\t]*${WORDS}enum[ \\t]+(?<name>\\w+)`),
    rule('class', `^[ \\t]*${WORDS}(?:class|object)[ \\t]+(?<name>\\w+)`),
    rule('function', `^[ \\t]*${WORDS}def[ \\t]+(?<name>\\w+|[-+*/<>=!&|^~%:]+)`),
    rule('type', `^[ \\t]*${WORDS}type[ \\t]+(?<name>\\w+)`),
    rule('constant', `^[ \\t]*${WORDS}given[ \\t]+(?<name>\\w+)[ \\t]*:`),
    rule('variable', `^[ \\t]*${WORDS}va[lr][ \\t]+(?<name>\\w+)`),
    rule('constant', '^[ \\t]+case[ \\t]+(?<name>[A-Z]\\w*)(?![^\\n]*=>)'),
  ],
};

const objc: ScanLanguage = {
  ...LIKE_C,
  strings: ['"'],
  extent: 'braces',
  imports: /^#(?:import|include)[ \t]+[<"](?<name>[^>"\n]+)[>"]/gm,
  rules: [
    rule('class', '^@interface[ \\t]+(?<name>\\w+)'),
    rule('interface', '^@protocol[ \\t]+(?<name>\\w+)(?![ \\t]*;)'),
    rule('implementation', '^@implementation[ \\t]+(?<name>\\w+)'),
    looseRule('method', '^[-+][ \\t]*\\([^)\\n]*\\)[ \\t]*(?<name>\\w+)'),
    rule('field', '^@property[^;\\n]*?(?<name>\\w+)[ \\t]*;'),
    rule('macro', '^#[ \\t]*define[ \\t]+(?<name>\\w+)'),
    rule('enum', '^typedef[ \\t]+NS_(?:ENUM|OPTIONS)\\([^,\\n]*,[ \\t]*(?<name>\\w+)'),
    rule('type', '^typedef[^;{}]{0,1000}?(?<name>\\w+)[ \\t]*;'),
    rule('struct', '^struct[ \\t]+(?<name>\\w+)'),
    rule('constant', '^(?:static|extern)[ \\t]+[\\w *]*?const[ \\t]+[\\w *]*?(?<name>\\w+)[ \\t]*[=;]'),
    looseRule(
      'function',
      '^(?:static[ \\t]+|inline[ \\t]+)*[A-Za-z_][\\w \\t*]{0,200}?[ \\t*](?<name>\\w+)[ \\t]*\\([^;{}]{0,1000}\\)[ \\t\\n]*\\{',
    ),
  ],
};

const perl: ScanLanguage = {
  ...LIKE_SHELL,
  blockComments: [['\n=', '\n=cut']],
  extent: 'braces',
  hidden: /\bsub[ \t]+_/,
  imports: /^[ \t]*(?:use|require)[ \t]+(?<name>[A-Z][\w:]*)/gm,
  rules: [
    rule('namespace', '^[ \\t]*package[ \\t]+(?<name>[\\w:]+)'),
    rule('function', '^[ \\t]*sub[ \\t]+(?<name>[\\w:]+)'),
    rule('constant', '^[ \\t]*use[ \\t]+constant[ \\t]+(?<name>\\w+)'),
    rule('constant', '^[ \\t]+(?<name>[A-Z][A-Z0-9_]+)[ \\t]*=>'),
    rule('variable', '^our[ \\t]+[$@%](?<name>\\w+)'),
  ],
};

const lua: ScanLanguage = {
  lineComments: ['--'],
  blockComments: [['--[[', ']]']],
  strings: ['"', "'"],
  extent: 'end',
  hidden: /^[ \t]*local\b/,
  imports: /\brequire[ \t]*\(?[ \t]*['"](?<name>[^'"\n]+)/g,
  rules: [
    rule('function', '^[ \\t]*(?:local[ \\t]+)?function[ \\t]+(?:[\\w.]+[.:])?(?<name>\\w+)[ \\t]*\\('),
    rule('function', '^[ \\t]*(?:local[ \\t]+)?(?:[\\w.]+\\.)?(?<name>\\w+)[ \\t]*=[ \\t]*function\\b'),
    rule('variable', '^(?:local[ \\t]+)?(?<name>[A-Za-z_]\\w*)(?:[ \\t]*<\\w+>)?[ \\t]*=(?!=)'),
  ],
};

const r: ScanLanguage = {
  ...LIKE_SHELL,
  extent: 'braces',
  hidden: /^[ \t]*\./,
  imports: /\b(?:library|require|requireNamespace)\([ \t]*['"]?(?<name>[\w.]+)/g,
  rules: [
    rule('function', '^[ \\t]*(?<name>[\\w.]+)[ \\t]*(?:<-|=)[ \\t]*function\\b'),
    rawRule('class', '\\bset(?:Ref)?Class\\([ \\t]*["\'](?<name>\\w+)'),
    rawRule('method', '\\bset(?:Method|Generic)\\([ \\t]*["\'](?<name>[\\w.]+)'),
    rule('variable', '^(?<name>[A-Za-z.][\\w.]*)[ \\t]*(?:<-|=(?!=))'),
  ],
};

const julia: ScanLanguage = {
  ...LIKE_SHELL,
  strings: ['"""', '"'],
  blockComments: [['#=', '=#']],
  extent: 'end',
  hidden: /\b(?:function|struct)[ \t]+_/,
  imports: /^[ \t]*(?:using|import)[ \t]+(?<name>[\w.]+)/gm,
  rules: [
    rule('namespace', '^[ \\t]*(?:bare)?module[ \\t]+(?<name>\\w+)'),
    rule('struct', '^[ \\t]*(?:mutable[ \\t]+)?struct[ \\t]+(?<name>\\w+)'),
    rule('type', '^[ \\t]*(?:abstract|primitive)[ \\t]+type[ \\t]+(?<name>\\w+)'),
    looseRule('function', '^[ \\t]*(?:@\\w+[ \\t]+)*function[ \\t]+(?:[\\w.]+\\.)?(?<name>[\\w!]+)'),
    rule('macro', '^[ \\t]*macro[ \\t]+(?<name>\\w+)'),
    rule('constant', '^[ \\t]*const[ \\t]+(?<name>\\w+)'),
    looseRule(
      'function',
      '^[ \\t]*(?:@\\w+[ \\t]+)*(?:[A-Z]\\w*\\.)?(?<name>[A-Za-z_][\\w!]*)\\([^=\\n]*\\)(?:::[\\w{}, ]+)?(?:[ \\t]+where[ \\t]+[^=\\n]+)?[ \\t]*=(?!=)',
    ),
  ],
};

const matlab: ScanLanguage = {
  lineComments: ['%'],
  blockComments: [['%{', '%}']],
  strings: ['"'],
  extent: 'end',
  rules: [
    rule('class', '^[ \\t]*classdef(?:[ \\t]*\\([^)\\n]*\\))?[ \\t]+(?<name>\\w+)'),
    rule(
      'function',
      '^[ \\t]*function[ \\t]+(?:(?:\\[[^\\]\\n]*\\]|\\w+)[ \\t]*=[ \\t]*)?(?:[gs]et\\.)?(?<name>\\w+)',
    ),
  ],
};

const fortran: ScanLanguage = {
  lineComments: ['!'],
  blockComments: [],
  strings: ['"', "'"],
  extent: 'end',
  imports: /^[ \t]*use[ \t]*(?:,[^:\n]*::)?[ \t]*(?<name>\w+)/gim,
  rules: [
    anyCase(
      'namespace',
      '^[ \\t]*(?:sub)?module[ \\t]+(?!procedure\\b)(?:\\([^)]*\\)[ \\t]*)?(?<name>\\w+)[ \\t]*$',
    ),
    anyCase('namespace', '^[ \\t]*program[ \\t]+(?<name>\\w+)'),
    anyCase(
      'function',
      '^(?![ \\t]*end)[ \\t]*(?:[\\w*()=,]+[ \\t]+)*(?:function|subroutine)[ \\t]+(?<name>\\w+)',
    ),
    anyCase(
      'struct',
      '^[ \\t]*type(?:[ \\t]*,[^:\\n]*)?(?:[ \\t]*::[ \\t]*|[ \\t]+)(?!is\\b)(?<name>\\w+)[ \\t]*$',
    ),
    anyCase('interface', '^[ \\t]*(?:abstract[ \\t]+)?interface[ \\t]+(?<name>\\w+)'),
    anyCase('constant', '^[^\\n!]*\\bparameter\\b[^:\\n]*::[ \\t]*(?<name>\\w+)'),
    anyCase(
      'variable',
      '^[ \\t]*(?:integer|real|logical|character|complex|double precision|type[ \\t]*\\([^)]*\\))[^:\\n]*::[ \\t]*(?<name>\\w+)',
    ),
  ],
};

const vim: ScanLanguage = {
  lineComments: [],
  blockComments: [],
  strings: ["'"],
  extent: 'end',
  hidden: /\bs:/,
  rules: [
    rawRule(
      'function',
      '^[ \\t]*(?:export[ \\t]+)?(?:fu(?:n|nc|nct|ncti|nctio|nction)?|def)!?[ \\t]+(?:<SID>)?(?<name>[\\w:#.<>]+)[ \\t]*\\(',
    ),
    rawRule('function', '^[ \\t]*com(?:mand)?!?[ \\t]+(?:-\\S+[ \\t]+)*(?<name>[A-Z]\\w*)'),
    rawRule(
      'variable',
      '^[ \\t]*(?:let|const|final|var)[ \\t]+(?<name>(?:[gsbwt]:)?[\\w#]+)[ \\t]*(?:[.+]?=(?!=)|:)',
    ),
    rawRule('namespace', '^[ \\t]*aug(?:roup)?[ \\t]+(?!END\\b)(?<name>\\w+)'),
  ],
};

const assembly: ScanLanguage = {
  lineComments: [';', '//', '#'],
  blockComments: [['/*', '*/']],
  strings: ['"'],
  extent: 'line',
  imports: /^[ \t]*[.%]?include[ \t]+['"](?<name>[^'"\n]+)/gm,
  rules: [
    anyCase('macro', '^[ \\t]*[.%]?macro[ \\t]+(?<name>[\\w.$]+)'),
    anyCase('constant', '^[ \\t]*\\.(?:equ|set|equiv)[ \\t]+(?<name>[\\w.$]+)'),
    anyCase('constant', '^[ \\t]*(?<name>[A-Za-z_.$][\\w.$]*)[ \\t]+equ\\b'),
    anyCase('macro', '^[ \\t]*(?<name>[A-Za-z_.$][\\w.$]*)[ \\t]+macro\\b'),
    rule('function', '^(?<name>[A-Za-z_$][\\w.$]*):'),
    rule('target', '^(?<name>\\.[A-Za-z_$][\\w.$]*):'),
  ],
};

/** By the id of the language. */
export const PROGRAM_LANGUAGES: Readonly<Record<string, ScanLanguage>> = {
  kotlin,
  swift,
  dart,
  scala,
  objc,
  perl,
  lua,
  r,
  julia,
  matlab,
  fortran,
  vim,
  assembly,
};

/** Objective-C and MATLAB share an ending; the text tells them apart. */
export function scanLanguageOf(text: string, language: ScanLanguage): ScanLanguage {
  if (language !== objc) return language;
  const isMatlab =
    /^[ \t]*(?:function|classdef)\b/m.test(text) && !/^[#@](?:import|include|interface)/m.test(text);
  return isMatlab ? matlab : objc;
}

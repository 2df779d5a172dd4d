// Patterns for texts that a grammar could not read as a whole: they add what it lost, and nothing that it knows.
import { LIKE_C, LIKE_SHELL, looseRule, rawRule, rule, type ScanLanguage } from './scan-language.ts';

/** Functions of shells whose syntax the grammar of bash does not know, such as zsh and fish. */
export const SHELL_PATTERNS: ScanLanguage = {
  ...LIKE_SHELL,
  extent: 'braces',
  rules: [
    rule('function', '^[ \\t]*function[ \\t]+(?<name>[^\\s(){};&|<>$`]+)'),
    looseRule('function', '^[ \\t]*(?<name>[\\w.:@+-]+)[ \\t]*\\([ \\t]*\\)'),
    rawRule('function', '^[ \\t]*alias[ \\t]+(?:-\\w+[ \\t]+)*(?<name>[^\\s=;|&\'"]+)='),
  ],
};

/** C and C++ behind macros. What looks like a call of a macro is no function: those are written in capitals. */
export const CPP_PATTERNS: ScanLanguage = {
  ...LIKE_C,
  extent: 'braces',
  rules: [
    rule('macro', '^[ \\t]*#[ \\t]*define[ \\t]+(?<name>\\w+)'),
    rule('namespace', '^[ \\t]*(?:inline[ \\t]+)?namespace[ \\t]+(?<name>\\w+(?:::\\w+)*)[ \\t]*\\{'),
    rule(
      'class',
      '\\b(?:class|struct|union)[ \\t]+(?:[A-Z][A-Z0-9_]+[ \\t]+)?(?<name>[A-Za-z_]\\w*)(?:<[^;{}]*>)?\\s*(?:final\\s*)?(?::[^:;{}][^;{}]*)?\\{',
    ),
    rule(
      'enum',
      '\\benum[ \\t]+(?:class[ \\t]+|struct[ \\t]+)?(?<name>[A-Za-z_]\\w*)[ \\t]*(?::[^;{}]*)?\\{',
    ),
    rule('type', '^[ \\t]*using[ \\t]+(?<name>\\w+)[ \\t]*='),
    rule('type', '^[ \\t]*typedef\\b[^;{}()]*?\\b(?<name>\\w+)[ \\t]*;'),
    looseRule(
      'function',
      '^[ \\t]*(?:[\\w:<>,*&]+[ \\t*&]+){0,6}(?<name>~?[A-Za-z_]\\w*[a-z]\\w*)[ \\t]*\\([^;{}()]*(?:\\([^;{}()]*\\)[^;{}()]*){0,8}\\)\\s*(?:const\\b|noexcept\\b|override\\b|final\\b|&|\\s)*(?:->[^;{}()]*|:(?!:)[^;{}]*)?\\{',
    ),
  ],
};

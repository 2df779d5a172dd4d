// Macros of C and C++ that stand where the grammar knows no word: before a declaration, within its head, alone on a line
// in place of a brace or a keyword. A parser that does not expand them loses what follows. Blanks in their place keep
// every position of the text.

/** Macros are written in capitals; with an underscore nothing else is. */
const MACRO = '[A-Z][A-Z0-9]*_[A-Z0-9_]*(?:[ \\t]*\\([^()]*\\))?';
const CAPITALS = '[A-Z][A-Z0-9_]{2,}(?:[ \\t]*\\([^()]*\\))?';
const DECLARING =
  'static|inline|constexpr|consteval|constinit|extern|virtual|explicit|friend|using|typedef|template|typename|class|struct|union|enum|namespace|operator|auto|void|bool|char|short|int|long|float|double|unsigned|signed|const|volatile|size_t|std::';

/** Macros before a word that begins a declaration. */
const BEFORE = new RegExp(`\\b(?:${MACRO}[ \\t]+)+(?=(?:${DECLARING})\\b|std::|~)`, 'g');
/** Macros between `class` and its name. */
const WITHIN = new RegExp(
  `(?<=\\b(?:class|struct|union|enum)[ \\t]+)(?:${CAPITALS}[ \\t]+)+(?=[A-Za-z_]\\w*[ \\t]*(?:final\\b[ \\t]*)?(?:[:{;<]|$))`,
  'g',
);
/** Macros before the name of a function, where its type or nothing would stand: `LIB_CONSTEXPR holder(int size)`. */
const BEFORE_NAME = new RegExp(
  `(?<=^[ \\t]*(?:(?:explicit|constexpr|inline|static)[ \\t]+)*)(?:${MACRO}[ \\t]+)+(?=~?[A-Za-z_]\\w*[ \\t]*\\()`,
  'g',
);
/** Macros before the type of a function that no word of the language begins: `LIB_API lib::result run(`. */
const BEFORE_TYPE = new RegExp(
  `(?<=^[ \\t]*)(?:${MACRO}[ \\t]+)+(?=[A-Za-z_][\\w:<>, \\t]*[ \\t*&]+~?[A-Za-z_][\\w:]*[ \\t]*\\()`,
  'g',
);
/** Macros that stand for a parameter of a template. */
const PARAMETER = /\b[A-Z][A-Z0-9]*_[A-Z0-9_]*\((?:[^()]|\([^()]*\))*\)(?=[ \t]*[,>])/g;
const HEADER = /^[ \t]*(?:template[ \t]*<|[A-Z][A-Z0-9]*_[A-Z0-9_]*\(.*\)[ \t]*>)/;
/** Macros behind the parameters of a function. */
const BEHIND = new RegExp(
  `(?<=\\)[ \\t]*(?:const[ \\t]+|noexcept[ \\t]+|override[ \\t]+)*)(?:${MACRO}[ \\t]*)+(?=\\{|;|->|:|$)`,
  'g',
);
/** Nothing but macros. */
const ALONE = new RegExp(`^[ \\t]*(?:${MACRO}[ \\t]*)+;?[ \\t]*$`);
/** Where a line begins with one of these, or the one before ends with one, a macro is a value. */
const GOES_ON = /^[ \t]*[})\]=,.?:|&+*/<>-]/;
const IS_OPEN = /[=(,?:|&+*/<-][ \t]*$/;
/** Longer lines are data. */
const LINE_MAX = 1_000;

/** The text with blanks where such macros stand; directives stay as they are. */
export function blankMacros(text: string): string {
  const lines = text.split('\n');
  let isDirective = false;
  let before = '';
  return lines
    .map((line, at) => {
      const wasDirective = isDirective;
      isDirective = (wasDirective || /^[ \t]*#/.test(line)) && /\\[ \t\r]*$/.test(line);
      if (wasDirective || line.length > LINE_MAX || /^[ \t]*#/.test(line)) return line;
      const isValue = IS_OPEN.test(before) || GOES_ON.test(lines[at + 1] ?? '');
      if (line.trim() !== '') before = line;
      if (ALONE.test(line) && !isValue) return blank(line);
      const typed = HEADER.test(line) ? line.replace(PARAMETER, typeInPlace) : line;
      return typed
        .replace(WITHIN, blank)
        .replace(BEFORE, blank)
        .replace(BEFORE_TYPE, blank)
        .replace(BEFORE_NAME, typeInPlace)
        .replace(BEHIND, blank);
    })
    .join('\n');
}

function blank(text: string): string {
  return ' '.repeat(text.length);
}

/** Some type, as long as the text: macros have more than three letters. */
function typeInPlace(text: string): string {
  return 'int'.padEnd(text.length);
}

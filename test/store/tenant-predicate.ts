// Judges whether a statement can touch rows of one tenant only: every tenant table that it names is bound to `:tenant`.

/** What is wrong with a statement's text, or nothing. `tables` are those with rows of tenants, by their tenant column. */
export function unboundTables(text: string, tables: ReadonlyMap<string, string>): readonly string[] {
  const plain = text.replace(/'(?:[^']|'')*'|--[^\n]*|\/\*[\s\S]*?\*\//g, "''").replace(/\s+/g, ' ');
  const references = [...plain.matchAll(REFERENCE)].flatMap(([, verb = '', table = '', alias]) => {
    const column = tables.get(table.toLowerCase());
    return column === undefined
      ? []
      : [{ verb: verb.toUpperCase(), table, column, name: aliasOf(alias) ?? table }];
  });
  return references
    .filter(({ verb, table, column, name }) =>
      verb === 'INTO'
        ? !insertsTenant(plain, table, column)
        : !isRestricted(plain, { name, column, alone: references.length === 1 }),
    )
    .map(({ table }) => table);
}

const REFERENCE =
  /\b(FROM|JOIN|UPDATE|INTO)\s+(?!SET\b|LATERAL\b)([A-Za-z_]\w*)(?:\s+(?:AS\s+)?([A-Za-z_]\w*))?/gi;
/** Words that follow a table's name without being its alias. */
const NO_ALIAS = new Set(
  'set where values select on using join inner left cross natural order group limit returning for union as do default'.split(
    ' ',
  ),
);

function aliasOf(word: string | undefined): string | undefined {
  return word === undefined || NO_ALIAS.has(word.toLowerCase()) ? undefined : word;
}

/** `name.column = :tenant` joined by AND; without the name where no other tenant table could be meant. */
function isRestricted(
  text: string,
  { name, column, alone }: { readonly name: string; readonly column: string; readonly alone: boolean },
): boolean {
  const qualified = `\\b${name}\\.${column}`;
  const subject = alone ? `(?:${qualified}|(?<![.\\w])${column})` : qualified;
  const predicate = new RegExp(`(?:WHERE|AND|ON|\\()\\s*\\(*\\s*${subject} = :tenant\\b(?!\\s+OR\\b)`, 'i');
  return (
    predicate.test(text) &&
    !new RegExp(`\\bOR\\s+${subject} = :tenant`, 'i').test(text) &&
    !hasTopLevelOr(text)
  );
}

/** An OR beside the predicate, outside any bracket, would undo it. */
function hasTopLevelOr(text: string): boolean {
  let inner = text;
  while (/\([^()]*\)/.test(inner)) inner = inner.replace(/\([^()]*\)/g, ' ');
  return /\bOR\b/i.test(inner.replace(/\bOR (IGNORE|REPLACE|ABORT|FAIL|ROLLBACK)\b/gi, ''));
}

/** The value at the tenant column's place is `:tenant`. */
function insertsTenant(text: string, table: string, column: string): boolean {
  const match = new RegExp(
    `INTO ${table}(?: AS \\w+)? ?\\(([^)]*)\\)\\s*(?:VALUES ?\\(|SELECT )(.*)`,
    'i',
  ).exec(text);
  const place = (match?.[1] ?? '').split(',').findIndex((name) => name.trim().toLowerCase() === column);
  return place >= 0 && topLevelItems(match?.[2] ?? '')[place] === ':tenant';
}

function topLevelItems(text: string): readonly string[] {
  const items: string[] = [];
  let depth = 0;
  let item = '';
  for (const character of text) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (depth < 0) break;
    if (character === ',' && depth === 0) {
      items.push(item.trim());
      item = '';
    } else item += character;
  }
  return [...items, item.trim().replace(/ FROM .*$/i, '')];
}

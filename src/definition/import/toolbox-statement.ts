// Positional parameters of a statement as named ones.

import { NotImported } from './not-imported.ts';
import { nameOf } from './toolbox-input.ts';

/** Strings, quoted names, comments and dollar quotes stay as they are; the last two alternatives are parameters. */
const TOKEN =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\$([A-Za-z_]\w*)?\$[\s\S]*?\$\1\$|\$(\d+)|(\?)/g;

const READS = /^\s*(?:--[^\n]*\n|\/\*[\s\S]*?\*\/|\s)*(?:select|with|values|table)\b/i;

/** `$1` of PostgreSQL and `?` of SQLite as `:name`. Throws NotImported for statements that write, or name what is not there. */
export function toNamedParameters(
  statement: string,
  kind: 'postgres-sql' | 'sqlite-sql',
  parameters: readonly unknown[],
): string {
  if (!READS.test(statement))
    throw new NotImported('its statement is no SELECT, and databases are read-only');
  let position = 0;
  return statement.trim().replaceAll(TOKEN, (token, _tag, number?: string, mark?: string) => {
    const isMark = kind === 'sqlite-sql' && mark !== undefined;
    if (number === undefined && !isMark) return token;
    const index = number === undefined ? position++ : Number(number) - 1;
    const name = nameOf(parameters[index]);
    if (!/^[A-Za-z_]\w*$/.test(name))
      throw new NotImported(`its statement names parameter ${index + 1}, which cannot be named`);
    return `:${name}`;
  });
}

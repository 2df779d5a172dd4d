// .env.example: every environment variable that has an effect, with its default or an example.

import { documentedVariables } from '../../src/definition/environment.ts';

const introduction = `# Environment of Quayside. Copy what you need; every line is optional. Made by \`npm run generate\`.
# A command line flag wins over the environment, the environment over the definition.
`;

/** The file's whole text. */
export function renderEnvExample(): string {
  const rows = documentedVariables.filter(({ name }) => /^[A-Z_]+$/.test(name));
  const blocks = rows.map(({ name, aliases, doc, fallback, example, secret }) => {
    const also = aliases.length === 0 ? '' : ` Alias: ${aliases.join(', ')}.`;
    const shown = secret === true ? '' : (fallback ?? example ?? '');
    return `\n# ${doc.replaceAll('`', '')}${also}\n# ${name}=${shown}\n`;
  });
  return introduction + blocks.join('');
}

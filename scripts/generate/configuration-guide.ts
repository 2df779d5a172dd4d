// The hand-written first part of docs/configuration.md.

export const guide = `# Configuration

A definition describes one MCP server. It is YAML 1.2 (\`.yaml\`, \`.yml\`), JSON (\`.json\`) or JSON with comments
(\`.jsonc\`). This page is made from the definition's schema by \`npm run generate\`.

\`quayside validate [path]\` checks definitions and prints every problem as
\`file:line:column: severity [rule] pointer: message. fix\`, and exits with 78 if there is an error.
Unknown keys are errors; keys that start with \`x-\` are ignored.

## Where definitions are found

The path given to the command, else \`CONFIG_PATH\`, else \`./quayside.yaml\` or \`./quayside.json\`, else
\`/etc/mcp/config.json\`. A folder stands for every definition in it, in lexical order, without its subfolders. One file may
hold several definitions as \`servers: {slug: definition}\`. Each is served at \`/mcp/<slug>\`, the default one also at \`/mcp\`.
With several definitions, keys that hold for the whole process (port, performance.compression, performance.keepAlive,
limits.maxRequestSize, security.cors, security.hosts, security.trustProxy, security.audit.logFile, transport.sse) are read
from the default one; a differing value elsewhere is an error.

A document has at most 5 MiB, 2,000 tools, 500 prompts and 5,000 resources; schemas are at most 32 levels deep.

## Short forms

Tools, prompts and resources are lists, or maps whose keys are the names. A tool says what runs by exactly one of:

| Key | Form |
|---|---|
| \`sql\` | a statement with \`:name\` parameters, with \`database\` |
| \`http\` | \`METHOD URL\` |
| \`file\` | \`./module.ts\` or \`./module.ts#export\` |
| \`prompt\` | name of a prompt |
| \`upstream\` | \`server/tool\` |
| \`handler\` | an object, or a text |

A handler text is, by the first row that matches:

| Text | Handler |
|---|---|
| starts with \`http://\` or \`https://\` | \`http\`, method POST |
| \`registry:NAME\`, \`sql:TEMPLATE\`, \`mcp:UPSTREAM/TOOL\`, \`prompt:NAME\` | that handler |
| contains \`=>\`, starts with \`return\` and white space, a bracket, a quote or \`;\`, or with \`function\` or \`async\` | \`inline\` |
| anything else | \`file\` |

\`input\` is the short form of \`inputSchema\`: a map from \`name\` (required) or \`name?\` (optional) to a type (string, integer,
number, boolean, date, date-time, uri, email), \`type[]\`, \`type = default\`, a list of allowed values, or a JSON Schema. No other
arguments are admitted.

\`\`\`yaml
name: shop
version: 1.0.0
databases:
  shop: { url: "sqlite:./shop.db" }
tools:
  find_orders:
    description: Orders of one customer, newest first.
    input: { customer: string, limit?: integer = 20 }
    sql: SELECT id, total FROM orders WHERE customer = :customer ORDER BY placed_at DESC LIMIT :limit
    database: shop
\`\`\`

## Placeholders

| Form | Meaning |
|---|---|
| \`\${NAME}\` | environment variable; unset is an error |
| \`\${NAME:-text}\` | with a default for unset or empty |
| \`\${NAME:?text}\` | with a message for unset or empty |
| \`\${file:/path}\` | content of a file, trimmed |
| \`\${args.a.b[0]}\` | argument of the call, encoded for its place (HTTP handlers) |
| \`\${args.a\\|path}\` | argument that keeps its slashes |
| \`\${args.a\\|csv}\`, \`ssv\`, \`pipes\` | list or object, its items joined by comma, blank or bar |
| \`\${args.a\\|deep}\` | object or list as \`name[key]=value\`; queries and forms |
| \`\${args.a\\|flat}\` | object as \`key=value\`; queries and forms |
| \`\${args.a\\|json}\`, \`uri\` | as JSON text; percent-encoded in a header |
| \`$\${\` | a literal \`\${\` |
| \`{{name}}\` | argument of a prompt; \`{{{{\` is a literal \`{{\` |

They stand only where the tables say so. Variables of the process itself (API_KEY_SALT, SESSION_SECRET, both with
_PREVIOUS, SECRET_KEY, DATABASE_URL, DATABASE_CONTEXT_KEY, DB_PASSWORD, REDIS_URL, QUAYSIDE_*, *_MASTER_KEY,
AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, CLERK_SECRET_KEY) cannot be used, except DATABASE_URL and DB_PASSWORD in databases. What was inserted
is hidden in logs and errors.

## Environments

\`environments.<name>\` holds keys that differ where \`MCP_ENVIRONMENT\` has that name. Objects are merged, everything else
is replaced; a map over a list of tools, prompts or resources changes the entries it names. A tool's own \`environments\`
does the same for the tool, and \`true\` or \`false\` enables it or not. All of them are checked, not only the chosen one.`;

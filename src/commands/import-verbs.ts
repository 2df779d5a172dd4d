// The verbs of `quayside import`.
import { type Command, InvalidArgumentError } from 'commander';
import { HTTP_METHODS } from '../definition/schema/handler.ts';
import type { ImportOptions, OpenApiOptions } from './import.ts';
import type { Finish, Io } from './io.ts';

export function addImport(program: Command, io: Io, finish: Finish): void {
  const verbs = program.command('import').description('make a definition from what other systems have');
  withOut(verbs.command('openapi'))
    .description('tools from a Swagger 2.0 or OpenAPI 3.0 or 3.1 description; reports what they do not carry')
    .argument('<source>', 'file, or http(s) address')
    .option('--method <methods>', 'methods to import, such as GET,POST (default: GET,HEAD)', parseMethods)
    .option('--tag <tag>', 'only operations with this tag; may be repeated', collect)
    .option('--path <pattern>', 'only paths of this pattern, * for anything; may be repeated', collect)
    .option('--prefix <text>', 'put in front of each tool name', parsePrefix)
    .option('--base-url <url>', 'where the API is; default: the first server of the description')
    .option('--remote-references', 'fetch documents that a fetched description refers to')
    .option('--report <file>', 'write the whole report as JSON')
    .action(async (source: string, options: OpenApiOptions) => {
      const { importOpenApi } = await import('./import.ts');
      finish(await importOpenApi(source, options, io));
    });
  withOut(verbs.command('mcp.json'))
    .description('upstreams from the mcpServers of Claude Desktop or Cursor, or the servers of VS Code')
    .argument('<file>', 'the file of the client')
    .action(async (file: string, options: ImportOptions) => {
      const { importMcpJson } = await import('./import.ts');
      finish(await importMcpJson(file, options, io));
    });
  withOut(verbs.command('toolbox'))
    .description('tools from the tools.yaml of the MCP toolbox for databases')
    .argument('<file>', 'its tools.yaml')
    .action(async (file: string, options: ImportOptions) => {
      const { importToolboxYaml } = await import('./import.ts');
      finish(await importToolboxYaml(file, options, io));
    });
}

function withOut(command: Command): Command {
  return command.option('--out <file>', 'file to write the definition to (default: standard output)');
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function parseMethods(text: string, before: readonly string[] = []): readonly string[] {
  const methods = text.split(',').map((method) => method.trim().toUpperCase());
  const unknown = methods.find((method) => !HTTP_METHODS.some((known) => known === method));
  if (unknown !== undefined)
    throw new InvalidArgumentError(`${unknown} is none of ${HTTP_METHODS.join(', ')}.`);
  return [...before, ...methods];
}

/** What may stand at the beginning of a tool's name. */
function parsePrefix(text: string): string {
  if (!/^[A-Za-z0-9_-]{0,32}$/.test(text))
    throw new InvalidArgumentError('A prefix has letters, digits, _ and -, at most 32.');
  return text;
}

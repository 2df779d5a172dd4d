// `quayside call <tool> [arguments]`: one call through the whole gate, of a definition here or of a running server.
import type { McpAnswer } from '../app/mcp-request.ts';
import { isObject } from '../app/mcp-request.ts';
import type { JsonObject } from '../tool.ts';
import { EXIT, type Io } from './io.ts';
import { onServer, type ServerFlags } from './on-server.ts';

export interface CallFlags extends ServerFlags {
  readonly tool: string;
  /** A JSON object. Default: no arguments. */
  readonly args?: string;
  readonly json?: true;
}

/** Exit code 0 for a result, 1 for a refusal or a result that says that the call failed, 2 for arguments that are no object. */
export async function call(flags: CallFlags, io: Io): Promise<number> {
  const args = parseArguments(flags.args);
  if (args === undefined) {
    io.err(`The arguments must be one JSON object, such as '{"limit":3}'.\n`);
    return EXIT.usage;
  }
  return onServer(flags, io, async (server) => {
    const answer = await server.call(flags.tool, args);
    if (flags.json === true) io.out(`${JSON.stringify(answer, null, 2)}\n`);
    else print(answer, io);
    return answer.ok && answer.result.isError !== true && !asksForInput(answer) ? EXIT.ok : EXIT.failure;
  });
}

function parseArguments(text: string | undefined): JsonObject | undefined {
  if (text === undefined) return {};
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    // The caller says what was expected.
    return undefined;
  }
}

function print(answer: McpAnswer, io: Io): void {
  if (!answer.ok) {
    const data = answer.data === undefined ? '' : ` ${JSON.stringify(answer.data)}`;
    io.err(`${answer.message} (${answer.code})${data}\n`);
  } else if (asksForInput(answer)) {
    io.err('The tool asks the client for input, which the command line cannot give.\n');
  } else {
    const write = answer.result.isError === true ? io.err : io.out;
    write(`${textOf(answer.result)}\n`);
  }
}

function asksForInput(answer: McpAnswer): boolean {
  return answer.ok && answer.result.resultType === 'input_required';
}

/** The texts of a result; what is no text is named by its type. */
export function textOf({ content }: JsonObject): string {
  const items = Array.isArray(content) ? content.filter(isObject) : [];
  return items.map((item) => (typeof item.text === 'string' ? item.text : `[${item.type}]`)).join('\n');
}

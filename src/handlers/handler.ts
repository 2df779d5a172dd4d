// What every handler kind is to the plan: a factory that prepares once and a run per call.
import type { Tool as ToolDefinition } from '../definition/schema/tool.ts';
import type { HandlerError } from '../errors.ts';
import type { Log } from '../telemetry/log.ts';
import type { Call, ToolResult } from '../tool.ts';

/** What a handler may know about the tool it serves. */
export interface HandlerContext {
  readonly serverSlug: string;
  readonly serverName: string;
  readonly serverVersion: string;
  readonly toolName: string;
  readonly tags: readonly string[];
  /** Directory of the definition file; relative paths resolve against it. */
  readonly baseDirectory: string;
  /** False for definitions from the Studio or the API (spec servers §1, rows marked †). */
  readonly trusted: boolean;
  readonly sandbox: ToolDefinition['sandbox'];
  /** As the definition gives them; what a handler may repeat depends on `idempotentHint`. */
  readonly annotations?: ToolDefinition['annotations'];
  /** The tool's own `timeout` in milliseconds, which replaces that of the handler. */
  readonly toolTimeoutMs?: number | undefined;
  readonly inputSchema: Readonly<Record<string, unknown>>;
  /** Absent where the tool has none, and behind prompts and resources. */
  readonly outputSchema?: Readonly<Record<string, unknown>> | undefined;
  readonly log: Log;
  /** The handler looks after the call of another: arguments that it does not name are no mistake, and go nowhere. */
  readonly looksAfter?: true;
}

/** A handler of one tool, ready to run. */
export interface PreparedHandler {
  /**
   * Runs one call. Throws HandlerError for expected failures; any other error is reported as
   * HANDLER_EXECUTION_ERROR. Must stop soon after `call.signal` aborts.
   */
  run(call: Call): Promise<ToolResult>;
  /** Milliseconds; a tool's own `timeout` replaces it. */
  readonly timeoutMs: number;
  /** Hints that follow from the handler itself, such as `readOnlyHint` of an HTTP GET. */
  readonly annotations?: { readonly readOnlyHint?: boolean; readonly openWorldHint?: boolean };
  /** Modules and other files that the handler was made from: a change of one reloads the definition. */
  readonly files?: readonly string[];
  /** Whether what it answered, or failed with, says that there is nothing of what was asked for; absent: no content does. */
  readonly saysNothing?: (answer: ToolResult | HandlerError) => boolean;
  close?(): Promise<void> | void;
}

/** Prepares one handler when a plan is built. Throws HandlerError (load, syntax, config) with a message for the author. */
export type HandlerFactory<Handler> = (
  handler: Handler,
  context: HandlerContext,
) => Promise<PreparedHandler> | PreparedHandler;

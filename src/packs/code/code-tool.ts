// What a tool of the pack is, and the two ways in which it answers.
import type { Actor } from '../../gate/actor.ts';
import type { Call, JsonObject, Reconcile, ToolResult, ToolSpec } from '../../tool.ts';

/** A call as a tool of the pack gets it. */
export interface CodeCall extends Call {
  /** Who is on record for what is indexed, at doors whose calls leave no record of their own. Absent: they leave one. */
  readonly actor?: Actor;
}

/** Who is on record for what a call adds or removes: that is recorded besides the call. */
export function actorOf({ actor, principal, requestId }: CodeCall): Actor {
  return actor ?? { id: principal.id, tenantId: principal.tenantId, requestId };
}

/** A tool of the pack, before the plan gives it the name that clients see. */
export interface CodeTool {
  readonly spec: Omit<ToolSpec, 'listedName'>;
  /** Other names that calls may use; they are not listed. */
  readonly aliases: readonly string[];
  run(call: CodeCall): Promise<ToolResult>;
  /** See `Tool.reconcile`. */
  readonly reconcile?: Reconcile;
}

/** What one tool has to say of itself. */
export interface CodeToolOptions {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly title: string;
  readonly description: string;
  /** Properties of the arguments; others are refused. */
  readonly properties: JsonObject;
  readonly required?: readonly string[];
  /** Properties of a successful answer, all of them demanded unless `optionalResult` names them. */
  readonly result: JsonObject;
  readonly optionalResult?: readonly string[];
  readonly kind: 'read' | 'write' | 'destructive';
  readonly timeoutMs?: number;
  run(call: CodeCall): Promise<ToolResult>;
  /** Of tools that write; absent: a call whose end nobody saw stays unknown. */
  readonly reconcile?: Reconcile;
}

/** Longer than any search may run (5 s) and wait for an index (3 s). */
const TIMEOUT_MS = 15_000;

const REFUSAL_SCHEMA: JsonObject = {
  type: 'object',
  required: ['error', 'code'],
  properties: { error: { type: 'string' }, code: { type: 'string' }, readiness: { type: 'object' } },
};

const ANNOTATIONS: Readonly<Record<CodeToolOptions['kind'], ToolSpec['annotations']>> = {
  read: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
  write: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  destructive: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
};

/** Makes a tool with what every tool of the pack has. */
export function createCodeTool(options: CodeToolOptions): CodeTool {
  const optional = new Set(options.optionalResult);
  return {
    aliases: options.aliases ?? [],
    spec: {
      name: options.name,
      title: options.title,
      description: options.description,
      inputSchema: {
        type: 'object',
        properties: options.properties,
        ...(options.required === undefined ? {} : { required: options.required }),
        additionalProperties: false,
      },
      outputSchema: {
        type: 'object',
        oneOf: [
          {
            type: 'object',
            properties: options.result,
            required: Object.keys(options.result).filter((key) => !optional.has(key)),
          },
          REFUSAL_SCHEMA,
        ],
      },
      annotations: { title: options.title, ...ANNOTATIONS[options.kind] },
      tags: ['code'],
      timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
      permissions: [],
      ...(options.kind === 'read'
        ? {}
        : {
            idempotency: { mode: 'optional', argument: 'idempotency_key', isDeclared: false },
            // A first index or a clone takes minutes.
            taskSupport: 'optional',
          }),
    },
    run: options.run,
    ...(options.reconcile === undefined ? {} : { reconcile: options.reconcile }),
  };
}

/** A result with a text for people and models, and the same as data. */
export function answer(text: string, structuredContent: object): ToolResult {
  return { content: [{ type: 'text', text }], structuredContent };
}

/** A result whose text is its data. */
export function dataAnswer(structuredContent: object): ToolResult {
  return answer(JSON.stringify(structuredContent, null, 2), structuredContent);
}

/** A refusal that the caller can act on: `code` for programs, `message` for the model. */
export class CodeRefusal extends Error {
  readonly code: string;
  readonly details: JsonObject;

  constructor(code: string, message: string, details: JsonObject = {}) {
    super(message);
    this.name = 'CodeRefusal';
    this.code = code;
    this.details = details;
  }
}

/** Lets `run` throw {@link CodeRefusal} and answers it as an error result. */
export function refusing(
  run: (call: CodeCall) => Promise<ToolResult>,
): (call: CodeCall) => Promise<ToolResult> {
  return async (call) => {
    try {
      return await run(call);
    } catch (error) {
      if (!(error instanceof CodeRefusal)) throw error;
      const structuredContent = { error: error.message, code: error.code, ...error.details };
      return {
        isError: true,
        content: [{ type: 'text', text: JSON.stringify(structuredContent) }],
        structuredContent,
      };
    }
  };
}

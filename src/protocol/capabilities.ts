// What a server says it can do; the same in both eras but for what only one of them has.
import type { ServerPlan } from '../plan/server-plan.ts';
import type { JsonObject } from '../tool.ts';

/** `Implementation` of the schema: name, version and what the definition adds. */
export function serverInfo(server: ServerPlan): JsonObject {
  const { name, version, title, description } = server.definition;
  return {
    name,
    version,
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
  };
}

/**
 * Every kind of list is always offered, even when empty: a reload may fill it while a session lives.
 * `changes` says whether this connection can be told about them.
 */
export function serverCapabilities(options: {
  readonly changes: boolean;
  readonly completions: boolean;
  readonly logging: boolean;
  /** What is said of tasks, in the words of the era. */
  readonly tasks?: JsonObject | undefined;
}): JsonObject {
  const list = options.changes ? { listChanged: true } : {};
  return {
    tools: list,
    prompts: list,
    resources: options.changes ? { subscribe: true, listChanged: true } : {},
    ...(options.completions ? { completions: {} } : {}),
    ...(options.logging ? { logging: {} } : {}),
    ...options.tasks,
  };
}

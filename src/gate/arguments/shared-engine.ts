// One schema engine per plan, found by the plan's own `limits` object.
import { createSchemaEngine, type SchemaEngine } from './schema-engine.ts';
import type { ArgumentsLimits } from './size-limits.ts';

/** Compiled code lives with its engine, and the engine with the limits of its plan. */
const engines = new WeakMap<ArgumentsLimits, SchemaEngine>();

/** The engine of the plan whose definition holds `limits`. */
export function engineOf(limits: ArgumentsLimits): SchemaEngine {
  const engine = engines.get(limits) ?? createSchemaEngine();
  engines.set(limits, engine);
  return engine;
}

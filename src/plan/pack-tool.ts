// Turns a tool that a pack brings into one of a plan: its listed name, its deadline, its failures made results.
import { listedToolName } from '../definition/tool-name.ts';
import type { Target } from '../gate/stage.ts';
import type { Log } from '../telemetry/log.ts';
import type { Redactor } from '../telemetry/redact.ts';
import type { Tool, ToolSpec } from '../tool.ts';
import { withDeadline } from './deadline.ts';
import { toolPermission } from './target.ts';
import { runGuarded } from './tool-compiler.ts';

/** A tool as a pack makes it. */
export interface PackTool extends Omit<Tool, 'spec'> {
  readonly spec: Omit<ToolSpec, 'listedName'>;
  /** Other names that calls may use; they are not listed, and the permission is that of the tool. */
  readonly aliases: readonly string[];
}

/** A pack's tool, ready for the stages of the gate. */
export interface CompiledPackTool {
  readonly tool: Tool;
  readonly target: Target;
  readonly aliases: readonly string[];
}

/** Nothing can be wrong with a pack's tool, so nothing is reported. */
export function compilePackTool(
  { spec, aliases, run, reconcile }: PackTool,
  options: {
    readonly toolNames: 'safe' | 'canonical';
    readonly log: Log;
    readonly redactor: Pick<Redactor, 'text' | 'value'>;
  },
): CompiledPackTool {
  const { log, redactor } = options;
  const listedName = listedToolName(spec.name, options.toolNames);
  const bounded = withDeadline(run, spec.timeoutMs);
  const tool: Tool = {
    spec: Object.freeze({ ...spec, listedName }),
    ...(reconcile === undefined ? {} : { reconcile }),
    run: (call) => runGuarded(bounded, call, { log, redactor }),
  };
  const permission = toolPermission({ name: spec.name, permissions: [...spec.permissions] }, listedName);
  const target: Target = {
    kind: 'tool',
    name: spec.name,
    permission,
    tool: tool.spec,
    ...(reconcile === undefined ? {} : { reconcile }),
  };
  return { tool, target, aliases };
}

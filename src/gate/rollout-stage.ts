// Inside everything that may refuse: how the calls end that a version on trial has really run (governance §10.3).
import { InputRequiredSignal, QuaysideError } from '../errors.ts';
import type { Outcome } from '../tool.ts';
import type { GateServer, OperationStage } from './stage.ts';

/** Takes the calls of a server that is on trial; undefined for every other server. */
export type SamplerFor = (server: GateServer) => ((durationMs: number, failed: boolean) => void) | undefined;

/** Counts tools, prompts and resources; what callers ask wrongly, cancel or are asked back says nothing of a version. */
export function rolloutStage(samplerFor: SamplerFor | undefined): OperationStage {
  return {
    name: 'rollout',
    prepare(target, server) {
      if (target.kind === 'list' || target.kind === 'route') return undefined;
      const sample = samplerFor?.(server);
      if (sample === undefined) return undefined;
      return {
        name: 'rollout',
        leave(operation, outcome) {
          const ending = endingOf(outcome);
          if (ending !== undefined) sample(performance.now() - operation.startedAt, ending === 'failure');
          return outcome;
        },
      };
    },
  };
}

function endingOf(outcome: Outcome): 'success' | 'failure' | undefined {
  if (outcome.ok) return isToolError(outcome.result) ? 'failure' : 'success';
  const { error } = outcome;
  if (error instanceof InputRequiredSignal || error.name === 'AbortError') return undefined;
  return error instanceof QuaysideError && error.definition.status < 500 ? undefined : 'failure';
}

function isToolError(result: unknown): boolean {
  return typeof result === 'object' && result !== null && 'isError' in result && result.isError === true;
}

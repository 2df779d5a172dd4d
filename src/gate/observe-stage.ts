// The outermost stage: reports how each operation ended, refusals of the other stages included (step 13).
import { InputRequiredSignal, QuaysideError } from '../errors.ts';
import type { CallObserver, ObservedTarget } from '../telemetry/observer.ts';
import type { Outcome } from '../tool.ts';
import type { GateEvents } from './events.ts';
import type { RunningOperations } from './running-operations.ts';
import type { OperationStage, PreparedStage } from './stage.ts';

/** `observerFor` is asked once per target, so that what it feeds is bound when the plan is built. */
export function observeStage(deps: {
  readonly observerFor: (target: ObservedTarget) => CallObserver;
  readonly events: GateEvents;
  /** Holds each operation from its first stage to its end; diagnostics show them. */
  readonly running: RunningOperations;
  /** Of operations whose every line of the log is wanted: runs them so that they are written. */
  readonly debugged?: NonNullable<PreparedStage['around']>;
}): OperationStage {
  return {
    name: 'observe',
    prepare(target, server) {
      const observer = deps.observerFor({ slug: server.slug, kind: target.kind, name: target.name });
      return {
        name: 'observe',
        ...(deps.debugged === undefined ? {} : { around: deps.debugged }),
        enter(operation) {
          deps.running.add(operation);
          const trace = observer.started(operation);
          if (trace !== undefined) operation.trace = trace;
          return undefined;
        },
        leave(operation, outcome) {
          deps.running.remove(operation);
          if (!outcome.ok && outcome.refusedBy !== undefined && outcome.error instanceof QuaysideError) {
            deps.events.denied(outcome.refusedBy, outcome.error.code);
          }
          observer.finished(operation, asEnding(outcome));
          return outcome;
        },
      };
    },
  };
}

/** A round of input that the client has to give is a good ending, though it travels as a signal. */
function asEnding(outcome: Outcome): Outcome {
  const waits = !outcome.ok && outcome.error instanceof InputRequiredSignal;
  return waits ? { ok: true, result: { resultType: 'input_required' } } : outcome;
}

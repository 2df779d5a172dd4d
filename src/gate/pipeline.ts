// Runs what stages.ts orders: request stages until a principal stands, operation stages around a handler.
import { QuaysideError } from '../errors.ts';
import type { Operation, Outcome } from '../tool.ts';
import type { Exchange, PreparedRequestStage, PreparedStage } from './stage.ts';

/**
 * Passes an exchange through the request stages in order. Resolves with the first refusal, or undefined
 * when the exchange was admitted. A QuaysideError thrown by a stage is a refusal; other errors are rethrown.
 */
export async function admit(
  exchange: Exchange,
  stages: readonly PreparedRequestStage[],
): Promise<QuaysideError | undefined> {
  for (const stage of stages) {
    try {
      const entered = stage.enter(exchange);
      const refusal = entered instanceof Promise ? await entered : entered;
      if (refusal !== undefined) return refusal;
    } catch (error) {
      if (error instanceof QuaysideError) return error;
      throw error;
    }
  }
  return undefined;
}

/**
 * Passes an operation through its stages and, when all let it in, through `run`. Never rejects: refusals and
 * failures are outcomes. The stages that let the operation in see the outcome in reverse order.
 */
export function runOperation(
  entry: { readonly stages: readonly PreparedStage[] },
  operation: Operation,
  run: (operation: Operation) => Promise<unknown>,
): Promise<Outcome> {
  const { stages } = entry;
  const around = stages[0]?.around?.(operation);
  return around === undefined
    ? passStages(stages, operation, run)
    : around(() => passStages(stages, operation, run));
}

async function passStages(
  stages: readonly PreparedStage[],
  operation: Operation,
  run: (operation: Operation) => Promise<unknown>,
): Promise<Outcome> {
  let outcome: Outcome | undefined;
  let entered = 0;
  try {
    for (; entered < stages.length && outcome === undefined; entered++) {
      const stage = stages[entered];
      const verdict = stage?.enter?.(operation);
      const settled = verdict instanceof Promise ? await verdict : verdict;
      if (settled === undefined) continue;
      outcome = settled instanceof QuaysideError ? refusalBy(stage, settled) : settled.answer;
      // The stage that refused or answered has nothing to undo.
      break;
    }
    outcome ??= { ok: true, result: await run(operation) };
  } catch (error) {
    outcome = { ok: false, error: toError(error) };
  }
  return leaveStages(stages, entered, operation, outcome);
}

async function leaveStages(
  stages: readonly PreparedStage[],
  entered: number,
  operation: Operation,
  first: Outcome,
): Promise<Outcome> {
  let outcome = first;
  for (let index = entered - 1; index >= 0; index--) {
    const stage = stages[index];
    if (stage?.leave === undefined) continue;
    try {
      const left = stage.leave(operation, outcome);
      outcome = left instanceof Promise ? await left : left;
    } catch (error) {
      // A stage that cannot do its part must not let the result out as if it had.
      outcome = { ok: false, error: toError(error) };
    }
  }
  return outcome;
}

function refusalBy(stage: PreparedStage | undefined, error: QuaysideError): Outcome {
  return { ok: false, error, ...(stage === undefined ? {} : { refusedBy: stage.name }) };
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

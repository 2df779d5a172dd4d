// Feeds the metrics of questions to models.
import type { ModelCall } from '../observer.ts';
import type { Metrics } from './metrics.ts';

/** Few models and slow calls: the cells are looked up each time. */
export function createModelCounter({
  modelDuration,
  modelTokens,
  modelCost,
}: Metrics['instruments']): (call: ModelCall) => void {
  return ({ provider, model, seconds, usage, cost }) => {
    const labels = { gen_ai_provider_name: provider, gen_ai_request_model: model };
    modelDuration.cell(labels).observe(seconds);
    if (usage !== undefined) {
      modelTokens.cell({ ...labels, gen_ai_token_type: 'input' }).observe(usage.inputTokens);
      modelTokens.cell({ ...labels, gen_ai_token_type: 'output' }).observe(usage.outputTokens);
    }
    if (cost !== undefined) modelCost.cell({ ...labels, currency: cost.currency }).inc(cost.amount);
  };
}

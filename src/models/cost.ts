// What an answer cost, where the operator has said what tokens cost.
import type { Model } from '../definition/schema/definition.ts';
import type { Cost, Usage } from './model.ts';

const TOKENS_PER_PRICE = 1_000_000;

/** Prices are per million tokens; cached input costs as much as other input unless it has a price of its own. */
export function costOf(usage: Usage, prices: NonNullable<Model['prices']>): Cost {
  const { input, output, cachedInput = input, currency } = prices;
  const fresh = usage.inputTokens - usage.cachedInputTokens;
  const total = fresh * input + usage.cachedInputTokens * cachedInput + usage.outputTokens * output;
  return { amount: total / TOKENS_PER_PRICE, currency };
}

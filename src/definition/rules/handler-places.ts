// Every place of a definition where a handler stands, for the rules that judge all of them.
import type { Handler } from '../schema/handler.ts';
import { entriesOf, type RuleContext } from './rule-context.ts';

export interface HandlerPlace {
  readonly handler: Handler;
  readonly pointer: string;
}

/** Those that passed their own check, in document order of each list. */
export function handlerPlaces(context: RuleContext): readonly HandlerPlace[] {
  const { definition, sound } = context;
  const places: HandlerPlace[] = [];
  const add = (handler: Handler | undefined, pointer: string) => {
    if (handler !== undefined && sound(pointer)) places.push({ handler, pointer });
  };
  for (const { item, pointer } of entriesOf(context, 'tools', definition.tools)) {
    add(item.handler, `${pointer}/handler`);
    add(item.idempotency?.reconcile, `${pointer}/idempotency/reconcile`);
  }
  for (const list of ['prompts', 'resources', 'resourceTemplates'] as const) {
    const items: readonly { readonly handler?: Handler }[] = definition[list];
    for (const { item, pointer } of entriesOf(context, list, items)) add(item.handler, `${pointer}/handler`);
  }
  return places;
}

// The models of one definition by their names.
import type { Model } from '../definition/schema/definition.ts';
import { type ChatModelDeps, createChatModel } from './chat-model.ts';
import type { ChatModel } from './model.ts';

/** The models of one definition. */
export interface Models {
  /** The model of that name, or the first one; undefined where there is none. */
  find(name: string | undefined): ChatModel | undefined;
  /** By their names in the definition. */
  readonly all: ReadonlyMap<string, ChatModel>;
}

/** Throws EgressError `invalid_url` for a base URL that cannot be used. Opens no connection. */
export function openModels(definitions: Readonly<Record<string, Model>>, deps: ChatModelDeps): Models {
  const models = new Map(
    Object.entries(definitions).map(([name, model]) => [name, createChatModel(model, deps)] as const),
  );
  const [first] = models.values();
  return { find: (name) => (name === undefined ? first : models.get(name)), all: models };
}

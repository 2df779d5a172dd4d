// Loads definitions for tests as a start in development would, with no environment.
import {
  type LoadedDefinition,
  type LoadOptions,
  type LoadOutcome,
  loadText,
} from '../../src/definition/load.ts';

export const TEST_OPTIONS: LoadOptions = { env: {}, environment: 'development', purpose: 'serve' };

/** The outcome of a text; `file` need not exist, its extension gives the format. */
export function outcomeOf(
  text: string,
  options: Partial<LoadOptions> = {},
  file = 'test/definition/shop.yaml',
): LoadOutcome {
  return loadText(file, text, { ...TEST_OPTIONS, ...options });
}

/** The only definition of a text that must be valid. */
export function loadedFrom(
  text: string,
  options: Partial<LoadOptions> = {},
  file?: string,
): LoadedDefinition {
  const { definitions, errors } = outcomeOf(text, options, file);
  const [loaded] = definitions;
  if (loaded === undefined) throw new Error(errors.map(({ message }) => message).join('\n'));
  return loaded;
}

/** `line:column rule: message` of each error. */
export function errorsOf({ errors }: LoadOutcome): string[] {
  return errors.map(({ line, column, rule, message }) => `${line}:${column} ${rule}: ${message}`);
}

// The definitions of this process: loaded, checked, with the environment's settings over the file's.
import {
  type LoadedDefinition,
  type LoadOptions,
  loadDefinitions,
  loadDocument,
} from '../definition/load.ts';
import { formatProblem } from '../definition/problem.ts';
import type { ResolveSecrets } from '../definition/secret-reference.ts';
import { ConfigurationError } from './configuration-error.ts';
import { withOverrides } from './overrides.ts';
import { type AppSettings, environmentOf } from './settings.ts';
import { tokenSettingProblems } from './token-settings.ts';

export interface LoadedAll {
  readonly definitions: readonly LoadedDefinition[];
  /** One line each. */
  readonly warnings: readonly string[];
}

/** Throws ConfigurationError with every problem of every file. */
export async function loadAll(settings: AppSettings, resolveSecrets: ResolveSecrets): Promise<LoadedAll> {
  const options: LoadOptions = {
    env: settings.env,
    environment: environmentOf(settings),
    purpose: 'serve',
    envAllow: settings.environment.envAllow ?? [],
    resolveSecrets,
  };
  const { document, path } = settings;
  const { definitions, errors, warnings } = await (document === undefined
    ? loadDefinitions(path, options)
    : loadDocument(document, options));
  if (errors.length > 0) throw new ConfigurationError(errors.map(formatProblem));
  const settled = definitions.map((loaded) => withOverrides(loaded, settings));
  const problems = tokenSettingProblems(settled, settings);
  if (problems.length > 0) throw new ConfigurationError(problems);
  return {
    definitions: settled,
    warnings: warnings.map(formatProblem),
  };
}

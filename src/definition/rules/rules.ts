// All rules between keys. Each reports for itself; the order is that of the report only where places are equal.
import { checkCaching } from './cache.ts';
import { checkContent } from './content.ts';
import { checkEndpoints } from './endpoints.ts';
import { checkFlags } from './flags.ts';
import { checkHandlers } from './handlers.ts';
import { checkSchemas } from './json-schemas.ts';
import { checkNames } from './names.ts';
import { checkPromptTools } from './prompt-tools.ts';
import { checkReferences } from './references.ts';
import { checkRollout } from './rollout.ts';
import type { DefinitionRule } from './rule-context.ts';
import { checkSecurity } from './security.ts';
import { checkTokens } from './tokens.ts';

export const definitionRules: readonly DefinitionRule[] = [
  checkNames,
  checkReferences,
  checkSchemas,
  checkHandlers,
  checkContent,
  checkPromptTools,
  checkEndpoints,
  checkCaching,
  checkFlags,
  checkRollout,
  checkSecurity,
  checkTokens,
];

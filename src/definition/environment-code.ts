// The part of the environment that concerns the code pack.
import { flag } from './environment-readers.ts';
import { variable } from './environment-variable.ts';

export const codeVariables = {
  codeResourcesDisabled: variable(
    ['MCP_DISABLE_RESOURCES'],
    flag,
    '`true` takes the `code://` resources away, whatever `packs.code.resources` says.',
    { fallback: 'false' },
  ),
} as const;

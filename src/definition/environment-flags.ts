// The part of the environment that says where feature flags are decided.
import { text, url } from './environment-readers.ts';
import { variable } from './environment-variable.ts';

export const flagVariables = {
  flagsUrl: variable(
    ['QUAYSIDE_FLAGS_URL'],
    url,
    'Service that decides feature flags by the OpenFeature remote evaluation protocol; the own flags hold for what it does not know, and while it cannot be asked.',
    { example: 'https://flags.internal:8016' },
  ),
  flagsToken: variable(['QUAYSIDE_FLAGS_TOKEN'], text, 'Bearer token for that service.', { secret: true }),
} as const;

// Gradual rollout between two versions of one definition (governance §10.3).
import {
  array,
  boolean,
  choice,
  integer,
  number,
  object,
  optional,
  type Static,
  string,
} from './vocabulary.ts';

/** What keeps a caller on the version that it met first. */
export const STICKY = ['principal', 'session', 'none'] as const;

const version = (doc: string, example: string) =>
  string(doc, { minLength: 1, maxLength: 64, examples: [example] });

/** A rollout as both of its versions see it. */
export const Rollout = object(
  'Gradual rollout: two definitions of one slug and different `version` are served beside each other, and the share of the second grows. Begins with `quayside rollout start`.',
  {
    stable: version('Version that everybody has so far.', '1.0.0'),
    canary: version('Version that is tried.', '1.1.0'),
    stages: array(
      'Shares of the canary in percent, one after the other; at 100 it is the stable version.',
      integer('Percent.', { minimum: 1, maximum: 100 }),
      { fallback: [5, 25, 50, 100], minItems: 1, maxItems: 20 },
    ),
    stageMinutes: number('Minutes of a stage without a failed analysis, until the next one.', {
      minimum: 0.01,
      maximum: 100_000,
      fallback: 15,
    }),
    sticky: choice(
      '`principal`: each caller keeps its version. `session`: each session does, and callers without one keep theirs. `none`: each request is decided anew, except in sessions.',
      STICKY,
      { fallback: 'principal' },
    ),
    analysis: object('When the canary counts as failing.', {
      interval: integer('Length of one analysis.', { unit: 's', minimum: 1, maximum: 86_400, fallback: 60 }),
      minRequests: integer('Calls of the canary below which an analysis says nothing.', {
        minimum: 1,
        fallback: 20,
      }),
      minSuccess: number('Least share of calls that succeed, in percent.', {
        minimum: 0,
        maximum: 100,
        fallback: 99,
      }),
      maxP95Ms: integer('What 95 % of the calls must not take longer than.', {
        unit: 'ms',
        minimum: 1,
        fallback: 500,
      }),
      threshold: integer('Failed analyses of one stage that end the rollout.', {
        minimum: 1,
        maximum: 1000,
        fallback: 5,
      }),
    }),
    auto: boolean('Whether stages follow by themselves; failing always ends a rollout by itself.', {
      fallback: true,
    }),
  },
);

/** Absent: one version is served. */
export const OptionalRollout = optional(Rollout);

export type Rollout = Static<typeof Rollout>;

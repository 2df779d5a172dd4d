// Feature flags as a definition declares them (governance §10.2).
import {
  array,
  boolean,
  choice,
  integer,
  object,
  optional,
  record,
  type Static,
  string,
} from './vocabulary.ts';

/** What a flag is for; `release` ones are removed when everybody has it, the others stay. */
export const FLAG_TYPES = ['release', 'ops', 'permission'] as const;
/** Whose number decides about a percentage. */
export const PERCENT_OF = ['user', 'tenant'] as const;
/** Kebab case, as the shipped flags. */
export const FLAG_KEY = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;
/** Characters of a key. */
export const FLAG_KEY_LENGTH_MAX = 64;
/** A paragraph. */
export const FLAG_DESCRIPTION_LENGTH_MAX = 1000;
/** Entries of one list: a flag is read into the memory of every process. */
export const FLAG_LIST_MAX = 1000;
/** Characters of one entry: as long as a user's id in the audit record. */
export const FLAG_ENTRY_LENGTH_MAX = 255;

const listed = (doc: string, examples: readonly string[]) =>
  array(doc, string('Name.', { minLength: 1, maxLength: FLAG_ENTRY_LENGTH_MAX }), {
    fallback: [],
    maxItems: FLAG_LIST_MAX,
    examples: [examples],
  });

/** One flag. */
export const FlagDeclaration = object('One flag.', {
  type: choice('What it is for.', FLAG_TYPES, { fallback: 'release' }),
  description: string('What is different where it is on.', {
    maxLength: FLAG_DESCRIPTION_LENGTH_MAX,
    fallback: '',
  }),
  enabled: boolean('`false` switches it off for everybody.', { fallback: true }),
  percent: optional(
    integer(
      'Share of users or tenants that it is on for; the same ones at each look, and more of them when it grows.',
      {
        minimum: 0,
        maximum: 100,
        examples: [10],
      },
    ),
  ),
  percentOf: choice('What `percent` is a share of.', PERCENT_OF, { fallback: 'user' }),
  tenants: listed('Tenants that it is on for, by slug or id.', ['acme']),
  users: listed('Users that it is on for; those of another tenant as `tenant/user`.', ['ada@example.com']),
  keys: listed('API keys that it is on for, by id or name; those of another tenant as `tenant/name`.', [
    'ci',
  ]),
  environments: listed('Environments that it is for; elsewhere `default` holds. Empty: all.', ['staging']),
  default: boolean('What holds for everybody else.', { fallback: false }),
});

/** Flags by key. */
export const Flags = record(
  'Feature flags, from key to flag. What was set by REST or the command line wins. Holds for the whole process.',
  FlagDeclaration,
  { fallback: {}, examples: [{ 'new-search': { percent: 10, users: ['ada@example.com'] } }] },
);

export type FlagDeclaration = Static<typeof FlagDeclaration>;

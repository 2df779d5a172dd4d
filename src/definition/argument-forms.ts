// What may follow the `|` of `${args.x|form}`: how a value is written that is more than one text (spec servers §4.1;
// the forms beyond `path` are the styles of OpenAPI 3.1).

/**
 * `path` keeps slashes; `csv ssv pipes` join lists; `deep flat` spread objects; `json` and `uri` encode; `file` is base64
 * whose bytes are sent.
 */
export const ARGUMENT_FORMS = ['path', 'csv', 'ssv', 'pipes', 'deep', 'flat', 'json', 'uri', 'file'] as const;
/** One of {@link ARGUMENT_FORMS}. */
export type ArgumentForm = (typeof ARGUMENT_FORMS)[number];

/** What may stand between the braces of a placeholder of an argument. */
export const ARGUMENT_PATH: RegExp = new RegExp(
  `^args(?:\\.[A-Za-z_$][\\w$-]*|\\[\\d+\\])+(?:\\|(?:${ARGUMENT_FORMS.join('|')}))?$`,
);
